"""Every method and parameter of TransferClient and its documents in globus-sdk is here, or listed with a reason."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest

from globus_async.services import transfer
from tests.parity.transfer_differences import page, reasons

FACTS: dict[str, Any] = json.loads(Path(__file__).with_name("transfer_facts.json").read_text())
DOCUMENTED = Path(__file__).parents[2] / "docs" / "transfer_differences.md"

GONE = {
    ("TransferClient", "add_app_data_access_scope"): "app_scope",
    ("TransferClient.__init__", "app"): "constructor",
    ("TransferClient.__init__", "app_scopes"): "constructor",
    ("TransferClient.__init__", "retry_config"): "constructor",
}
"""Methods and parameters that are not here, and by which difference."""

MOVED = {
    ("TransferData.__init__", "source_endpoint"),
    ("TransferData.__init__", "destination_endpoint"),
    ("DeleteData.__init__", "endpoint"),
}
"""Parameters that are positional all the same: the endpoints, with or without a client in front of them."""

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
    member = inspect.getattr_static(getattr(transfer, owner), name)
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
        taken = [each for each in named.split("\0") if each and (where, each) not in MOVED]
        assert positional[: len(taken)] == taken


def test_every_exception_is_one() -> None:
    """What is listed as gone is gone."""
    for (owner, name), difference in GONE.items():
        assert reasons(difference)
        cls, _, method = owner.partition(".")
        holder = getattr(transfer, cls)
        names = inspect.signature(getattr(holder, method)).parameters if method else vars(holder)
        assert name not in names


def test_the_counts(capsys: pytest.CaptureFixture[str]) -> None:
    """Say how many were compared."""
    seed, upstream = FACTS["seed"]["TransferClient"], FACTS["upstream"]["TransferClient"]
    assert len(seed) >= 65
    assert len(upstream) >= 69
    told = f"TransferClient: {len(seed)} members of the seed, {len(upstream)} of globus-sdk 4; {len(GONE)} left out"
    with capsys.disabled():
        print(f"\n{told}")  # noqa: T201 -- figures are to be seen


def test_the_documentation_has_the_list() -> None:
    """The page in the documentation is the one that the list makes."""
    assert DOCUMENTED.read_text() == page()
