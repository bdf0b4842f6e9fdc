"""Every method and parameter of the Auth clients, flows and answers in globus-sdk is here, or listed with a reason."""

from __future__ import annotations

import inspect

import pytest

from globus_async import BaseClient
from globus_async.services import auth
from tests.parity.auth_differences import DIFFERENCES
from tests.parity.inventory import Case, Inventory

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

AUTH = Inventory(
    "auth",
    auth,
    DIFFERENCES,
    GONE,
    by_name={
        "AuthClient.create_scope": 2,
        "AuthLoginClient.__init__": 1,
        "GlobusAuthorizationCodeFlowManager.__init__": 3,
        "GlobusNativeAppFlowManager.__init__": 2,
    },
)


@pytest.mark.parametrize("case", AUTH.cases, ids=str)
def test_it_is_here(case: Case) -> None:
    """The method is here, takes the same parameters by name, and by position those that globus-sdk 4 takes so."""
    AUTH.check(case)


def test_every_exception_is_one() -> None:
    """What is listed as gone is gone, and what is listed as taken by name is."""
    AUTH.check_exceptions()


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
    seed, upstream = AUTH.count("seed"), AUTH.count("upstream")
    assert seed >= 25
    assert upstream >= 85
    with capsys.disabled():
        print(f"\nAuth: {seed} members of the seed, {upstream} of globus-sdk 4; {len(GONE)} left out")  # noqa: T201


def test_the_documentation_has_the_list() -> None:
    """The page in the documentation is the one that the list makes."""
    AUTH.check_page()
