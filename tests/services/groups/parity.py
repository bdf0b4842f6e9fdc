"""The comparison of Groups with globus-sdk."""

from __future__ import annotations

from uuid import UUID

from tests.parity.facts import ParityFacts
from tests.parity.recording import RecordedRequest
from tests.services.groups.differences import DIFFERENCES

__all__ = ("PARITY",)

A, B = (f"5e1f2a4c-0000-4000-8000-{number:012d}" for number in (1, 2))
UNICODE = "süß & <söhne>=100%+/~ 日本語 🙂"


def _respond(request: RecordedRequest) -> object:
    return [] if request.path.endswith("/my_groups") else {}


PARITY = ParityFacts(
    differences=DIFFERENCES,
    required={
        "data": {A: {"name": UNICODE, "nested": {"id": UUID(B), "none": None, "list": [1, 2.5, False]}}},
        "actions": {"add": [{"identity_id": UUID(A), "role": "member"}], "leave": [{"identity_id": B}]},
        "subscription_id": A,
    },
    optional={
        "include": ["memberships", ["policies", "my_memberships"], ("child_ids",)],
        "statuses": ["active", ["active", "invited"], ("pending",)],
        "query_params": [{}, {"extra": UNICODE, "number": 5, "empty": None, "list": ["a", "b"]}],
    },
    respond=_respond,
)
