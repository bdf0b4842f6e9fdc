"""The stub that gives members of responses the types of their documents."""

from __future__ import annotations

from globus_async.services.transfer.documents import EndpointDocument
from tests.items_stub import STUB, items_stub, members


def test_the_stub_is_up_to_date() -> None:
    """It is what the documents declare now; tests/typing has what type checkers make of it."""
    assert STUB.read_text() == items_stub(), "run python -m tests.items_stub"


def test_all_members_of_a_document_are_found() -> None:
    """Those of its bases, too."""
    assert members(EndpointDocument).keys() == EndpointDocument.__annotations__.keys()
