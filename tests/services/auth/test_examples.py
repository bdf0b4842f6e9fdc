"""Every example in a docstring of Auth, of scopes and of authorization requirements runs, and gives what it says."""

from __future__ import annotations

import doctest
import inspect
from typing import Any

import pytest

from globus_async import BaseClient, gare, scopes
from globus_async.scopes import consents
from globus_async.services import auth
from globus_async.services.auth import AuthClient, ConfidentialAppAuthClient, NativeAppAuthClient
from tests.services.auth.service import say
from tests.services.auth.world import world
from tests.toolkit.examples import check_examples, examples_of

CLIENTS = (AuthClient, NativeAppAuthClient, ConfidentialAppAuthClient)


def methods() -> dict[str, Any]:
    """List the calls of all clients."""
    return {
        f"{cls.__name__}.{name}": member
        for cls in CLIENTS
        for name, member in inspect.getmembers(cls, inspect.isfunction)
        if not name.startswith("_") and not hasattr(BaseClient, name)
        if cls is AuthClient or getattr(AuthClient, name, None) is not member
    }


def others() -> dict[str, Any]:
    """List everything else that has an example."""
    found: dict[str, Any] = {}
    for module in (auth, scopes, consents, gare):
        for name in module.__all__:
            thing = getattr(module, name)
            if not callable(thing):
                continue
            found[name] = thing
            if inspect.isclass(thing) and not issubclass(thing, (BaseClient, Exception)):
                members = inspect.getmembers(thing, lambda member: callable(member) or isinstance(member, property))
                found |= {f"{name}.{each}": member for each, member in members if not each.startswith("_")}
    return {name: thing for name, thing in found.items() if examples_of(thing)}


METHODS, OTHERS = methods(), others()
WITHOUT = {"AuthClient.oauth2_token", "AuthClient.oauth2_exchange_code_for_tokens"}
"""Those that others are made of, and show."""


@pytest.mark.parametrize("name", [*METHODS, *OTHERS])
async def test_example(name: str) -> None:
    """Each statement of the example prints what the docstring says."""
    documented = {**METHODS, **OTHERS}[name]
    assert examples_of(documented) or name in WITHOUT
    async with world() as names:
        await check_examples(documented, names, options=doctest.ELLIPSIS)


@pytest.mark.parametrize("name", METHODS)
def test_docstring(name: str) -> None:
    """A method's docstring tells its arguments, its result, its example and which call it makes."""
    doc, signature = inspect.getdoc(METHODS[name]) or "", inspect.signature(METHODS[name])
    for parameter in signature.parameters:
        if parameter != "self":
            assert f"\n    {parameter}: " in doc, f"{name} does not say what {parameter} is"
    assert "Returns:\n" in doc
    assert "Example:\n" in doc or name in WITHOUT
    assert "\nREST: `" in doc


def test_the_count(capsys: pytest.CaptureFixture[str]) -> None:
    """Say how many there are."""
    everything = [*METHODS.values(), *OTHERS.values()]
    statements = sum(len(examples_of(each)) for each in everything)
    say(capsys, f"{len(everything)} docstrings of Auth, scopes and gare, {statements} statements")
