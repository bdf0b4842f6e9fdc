"""Every example in a docstring of Transfer runs, and gives what it says."""

from __future__ import annotations

import doctest
import inspect
from typing import Any

import pytest

from globus_async import BaseClient
from globus_async.services.transfer import CreateTunnelData, DeleteData, TransferClient, TransferData
from tests.services.transfer.world import world
from tests.toolkit.examples import check_examples, examples_of


def documented() -> dict[str, Any]:
    """List everything that has, or should have, an example."""
    found: dict[str, Any] = {
        f"TransferClient.{name}": member
        for name, member in inspect.getmembers(TransferClient, inspect.isfunction)
        if not name.startswith("_") and not hasattr(BaseClient, name)
    }
    found["TransferClient.data_access_scope"] = TransferClient.data_access_scope
    for cls in (TransferClient, TransferData, DeleteData, CreateTunnelData):
        found[cls.__name__] = cls
    found["TransferData.add_filter_rule"] = TransferData.add_filter_rule
    return found


DOCUMENTED = documented()
EXEMPT = {"CreateTunnelData"}
"""Shown in the example of `create_tunnel`."""


@pytest.mark.parametrize("name", DOCUMENTED)
async def test_example(name: str) -> None:
    """Each statement of the example prints what the docstring says."""
    assert examples_of(DOCUMENTED[name]) or name in EXEMPT
    async with world() as names:
        await check_examples(DOCUMENTED[name], names, options=doctest.ELLIPSIS)


@pytest.mark.parametrize("name", [name for name in DOCUMENTED if name.startswith("TransferClient.")])
def test_docstring(name: str) -> None:
    """A method's docstring tells its arguments, its result, its example and, where it makes a call, which."""
    doc, signature = inspect.getdoc(DOCUMENTED[name]) or "", inspect.signature(DOCUMENTED[name])
    for parameter in signature.parameters:
        if parameter != "self":
            assert f"\n    {parameter}: " in doc, f"{name} does not say what {parameter} is"
    assert "Returns:\n" in doc
    assert "Example:\n" in doc
    if name != "TransferClient.data_access_scope":
        assert doc.rstrip().endswith(">`_")
        assert "\nREST: `" in doc


def test_the_count(capsys: pytest.CaptureFixture[str]) -> None:
    """Say how many there are."""
    statements = sum(len(examples_of(each)) for each in DOCUMENTED.values())
    with capsys.disabled():
        print(f"\n{len(DOCUMENTED)} docstrings of Transfer, {statements} statements")  # noqa: T201 -- figures are to be seen
