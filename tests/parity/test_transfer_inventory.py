"""Every method and parameter of TransferClient and its documents in globus-sdk is here, or listed with a reason."""

from __future__ import annotations

import pytest

from globus_async.services import transfer
from tests.parity.inventory import Case, Inventory
from tests.parity.transfer_differences import DIFFERENCES

TRANSFER = Inventory(
    "transfer",
    transfer,
    DIFFERENCES,
    gone={
        ("TransferClient", "add_app_data_access_scope"): "app_scope",
        ("TransferClient.__init__", "app"): "constructor",
        ("TransferClient.__init__", "app_scopes"): "constructor",
        ("TransferClient.__init__", "retry_config"): "constructor",
    },
    # the endpoints are positional all the same, with or without a client in front of them
    by_name={"TransferData.__init__": 0, "DeleteData.__init__": 0},
)


@pytest.mark.parametrize("case", TRANSFER.cases, ids=str)
def test_it_is_here(case: Case) -> None:
    """The method is here, takes the same parameters by name, and by position those that globus-sdk 4 takes so."""
    TRANSFER.check(case)


def test_every_exception_is_one() -> None:
    """What is listed as gone is gone, and what is listed as taken by name is."""
    TRANSFER.check_exceptions()


def test_the_counts(capsys: pytest.CaptureFixture[str]) -> None:
    """Say how many were compared."""
    counts = {
        generation: sum(case.owner == "TransferClient" for case in TRANSFER.cases if case.generation == generation)
        for generation in ("seed", "upstream")
    }
    assert counts["seed"] >= 65
    assert counts["upstream"] >= 69
    told = f"{counts['seed']} members of the seed, {counts['upstream']} of globus-sdk 4"
    with capsys.disabled():
        print(f"\nTransferClient: {told}; {len(TRANSFER.gone)} left out")  # noqa: T201 -- figures are to be seen


def test_the_documentation_has_the_list() -> None:
    """The page in the documentation is the one that the list makes."""
    TRANSFER.check_page()
