"""Apps and checks of stored tokens have the parameters and members of those of globus-sdk."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import globus_sdk
import globus_sdk.globus_app
import globus_sdk.token_storage.validating_token_storage as official_validation
import pytest

from globus_async import GlobusAppConfig, globus_app, token_storage

ID = "5e1f2a4c-0000-4000-8000-000000000001"

PAIRS: dict[str, tuple[Any, Any]] = {
    **{
        name: (getattr(globus_sdk.globus_app, name), getattr(globus_app, name))
        for name in globus_sdk.globus_app.__all__
        if name != "GlobusAppConfig"
    },
    **{
        name: (getattr(official_validation, name), getattr(token_storage, name)) for name in official_validation.__all__
    },
}

MEMBERS = {"close": "aclose", "get_client_retry_checks": "auto_redrive_gares"}
"""The members that say what to write instead."""

OTHERS = {"id_token_decoder", "close"}
"""Members of storages: the decoder belongs to the app, and closing is awaited."""


@pytest.mark.parametrize("name", PAIRS)
def test_parameters(name: str) -> None:
    """By name and by position."""
    theirs, ours = PAIRS[name]
    if getattr(theirs, "_is_protocol", False) or theirs.__init__ in {Exception.__init__, LookupError.__init__}:
        return
    official = [each for each in inspect.signature(theirs).parameters.values() if each.name not in {"args", "kwargs"}]
    own = inspect.signature(ours).parameters
    assert [each.name for each in official if each.name not in own] == []
    positional = [each.name for each in official if each.kind is each.POSITIONAL_OR_KEYWORD]
    assert [*own][: len(positional)] == positional


@pytest.mark.parametrize("name", PAIRS)
def test_members(name: str) -> None:
    """Each is here, or says what to write."""
    theirs, ours = PAIRS[name]
    missing = {each for each in dir(theirs) if not each.startswith("_") and not hasattr(ours, each)}
    assert missing <= ({*MEMBERS} if "App" in name else OTHERS)


def test_members_that_are_missing() -> None:
    """The error says what to write."""
    app = globus_app.UserApp("x", client_id=ID, config=GlobusAppConfig(token_storage="memory"))
    for name, instead in MEMBERS.items():
        with pytest.raises(AttributeError, match=f"globus-sdk's '{name}'.*{instead}"):
            getattr(app, name)
    with pytest.raises(AttributeError, match="no attribute 'logon'"):
        app.logon  # type: ignore[attr-defined] # noqa: B018 # pyright: ignore[reportAttributeAccessIssue]


def test_settings() -> None:
    """The same, in the same order, with the same defaults; but for the storage, which depends on the app."""
    theirs, ours = (
        {each.name: each.default for each in dataclasses.fields(kind)}
        for kind in (globus_sdk.GlobusAppConfig, GlobusAppConfig)
    )
    assert [*ours] == [*theirs]
    plain = {"login_flow_manager", "login_redirect_uri", "request_refresh_tokens", "auto_redrive_gares"}
    assert {name: ours[name] for name in plain} == {name: theirs[name] for name in plain}
    for name in ("token_validation_error_handler", "id_token_decoder"):
        defaults: list[Any] = [ours[name], theirs[name]]
        assert len({each.__name__ for each in defaults}) == 1
    assert (theirs["token_storage"], ours["token_storage"]) == ("json", None)
    assert GlobusAppConfig().environment == globus_sdk.GlobusAppConfig().environment == "production"
    with pytest.raises(dataclasses.FrozenInstanceError):
        GlobusAppConfig().token_storage = "json"  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue]


ERRORS = [name for name in official_validation.__all__ if name.endswith("Error")]


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name: str) -> None:
    """They are caught by the same classes."""
    theirs, ours = PAIRS[name]
    assert [each.__name__ for each in ours.__mro__] == [each.__name__ for each in theirs.__mro__]
