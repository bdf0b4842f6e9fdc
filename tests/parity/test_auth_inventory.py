"""Every method and parameter of the Auth clients, flows and answers in globus-sdk is here, or listed with a reason."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest

from globus_async import BaseClient
from globus_async.services import auth
from tests.parity.auth_differences import page, reasons

FACTS: dict[str, Any] = json.loads(Path(__file__).with_name("auth_facts.json").read_text())
DOCUMENTED = Path(__file__).parents[2] / "docs" / "auth_differences.md"
CLIENTS = ("AuthClient", "AuthLoginClient", "NativeAppAuthClient", "ConfidentialAppAuthClient")

GONE = {
    **{(f"{client}.__init__", "retry_config"): "constructor" for client in CLIENTS},
    ("AuthClient.__init__", "app"): "constructor",
    ("AuthClient.__init__", "app_scopes"): "constructor",
    **{
        (f"{owner}.{name}", "additional_params"): "additional_params"
        for owner, name in (
            ("AuthClient", "oauth2_get_authorize_url"),
            ("AuthClient", "oauth2_refresh_token"),
            ("AuthClient", "oauth2_revoke_token"),
            ("AuthClient", "oauth2_validate_token"),
            ("ConfidentialAppAuthClient", "oauth2_get_dependent_tokens"),
            ("GlobusAuthorizationCodeFlowManager", "get_authorize_url"),
            ("GlobusNativeAppFlowManager", "get_authorize_url"),
        )
    },
    ("OAuthTokenResponse.decode_id_token", "jwt_params"): "decoder",
    ("OAuthDependentTokenResponse", "decode_id_token"): "dependent_id_token",
    ("IDTokenDecoder.__init__", "jwt_leeway"): "decoder",
    ("IDTokenDecoder.__init__", "jwt_options"): "decoder",
    **{
        ("IDTokenDecoder", name): "decoder"
        for name in (
            "get_jwk",
            "get_jwt_audience",
            "get_openid_configuration",
            "store_jwk",
            "store_openid_configuration",
        )
    },
}
"""Methods and parameters that are not here, and by which difference."""

BY_NAME = {
    "AuthClient.create_scope": "positional",
    "AuthLoginClient.__init__": "positional",
    "GlobusAuthorizationCodeFlowManager.__init__": "positional",
    "GlobusNativeAppFlowManager.__init__": "positional",
}
"""Methods of which only the first parameters are positional."""

CASES = [
    pytest.param(generation, owner, name, parameters, id=f"{generation}-{owner}.{name}")
    for generation in ("seed", "upstream")
    for owner, members in FACTS[generation].items()
    for name, parameters in members.items()
]


@pytest.mark.parametrize(("generation", "owner", "name", "parameters"), CASES)
def test_it_is_here(generation: str, owner: str, name: str, parameters: list[str]) -> None:
    """The method is here, takes the same parameters by name, and by position those that globus-sdk 4 takes so."""
    if (difference := GONE.get((owner, name))) is not None:
        assert reasons(difference)
        return
    member = inspect.getattr_static(getattr(auth, owner), name)
    if isinstance(member, property):
        assert parameters == []
        return
    where = f"{owner}.{name}"
    ours = inspect.signature(member).parameters
    positional = [each.name for each in ours.values() if each.kind is each.POSITIONAL_OR_KEYWORD][1:]
    named, _, keyword_only = "\0".join(parameters).partition("*")
    expected = [*filter(None, named.split("\0")), *filter(None, keyword_only.split("\0"))]
    missing = [each for each in expected if each not in ours and (where, each) not in GONE]
    assert missing == []
    if generation == "upstream":
        taken = [each for each in named.split("\0") if each and (where, each) not in GONE]
        if where in BY_NAME:
            assert reasons(BY_NAME[where])
            taken = taken[: len(positional)] if owner != "AuthLoginClient" else taken[:1]
        assert positional[: len(taken)] == taken


def test_every_exception_is_one() -> None:
    """What is listed as gone is gone."""
    for (owner, name), difference in GONE.items():
        assert reasons(difference)
        cls, _, method = owner.partition(".")
        holder = getattr(auth, cls)
        names = inspect.signature(getattr(holder, method)).parameters if method else dir(holder)
        assert name not in names


def test_methods_are_simple_to_call() -> None:
    """At most two positional arguments, no open ends, and further query parameters wherever a request is made."""
    for name in CLIENTS:
        for method, member in inspect.getmembers(getattr(auth, name), inspect.isfunction):
            if method.startswith("_") or hasattr(BaseClient, method):
                continue
            parameters = list(inspect.signature(member).parameters.values())[1:]
            assert sum(each.kind is each.POSITIONAL_OR_KEYWORD for each in parameters) <= 2, method
            assert not any(each.kind in {each.VAR_KEYWORD, each.VAR_POSITIONAL} for each in parameters), method
            if method not in {"get_jwk", "oauth2_start_flow", "oauth2_exchange_code_for_tokens"}:
                assert "query_params" in {each.name for each in parameters}, method


def test_the_counts(capsys: pytest.CaptureFixture[str]) -> None:
    """Say how many were compared."""
    counts = {generation: sum(map(len, FACTS[generation].values())) for generation in ("seed", "upstream")}
    assert counts["seed"] >= 25
    assert counts["upstream"] >= 85
    told = f"Auth: {counts['seed']} members of the seed, {counts['upstream']} of globus-sdk 4; {len(GONE)} left out"
    with capsys.disabled():
        print(f"\n{told}")  # noqa: T201 -- figures are to be seen


def test_the_documentation_has_the_list() -> None:
    """The page in the documentation is the one that the list makes."""
    assert DOCUMENTED.read_text() == page()
