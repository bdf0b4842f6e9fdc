"""The comparison of Timers with globus-sdk."""

from __future__ import annotations

from dataclasses import replace

from tests.parity.facts import ParityFacts, WireCall
from tests.parity.recording import RecordedRequest
from tests.services.timers.differences import DIFFERENCES
from tests.services.timers.facts import TIMER

__all__ = ("PARITY",)

_SCOPES = "tests/services/timers/test_timers_client.py::test_scopes_of_an_app"


def _reconcile(
    call: WireCall, ours: list[RecordedRequest], theirs: list[RecordedRequest]
) -> tuple[list[RecordedRequest], list[RecordedRequest]]:
    """Take the accepted differences out of our requests."""
    if call.method == "resume_job" and "update_credentials" in call.kwargs:
        assert DIFFERENCES.reasons("update_credentials")
        expected = ("update_credentials", str(call.kwargs["update_credentials"]).lower())
        assert all(expected in each.query for each in ours)
        ours = [replace(each, query=tuple(pair for pair in each.query if pair != expected)) for each in ours]
    return ours, theirs


PARITY = ParityFacts(
    differences=DIFFERENCES,
    required={"timer": TIMER},
    optional={"update_credentials": [True, False], "query_params": [{}, {"order": "submitted_at asc"}]},
    compared_by={
        "TimersClient.add_app_flow_user_scope": _SCOPES,
        "TimersClient.add_app_transfer_data_access_scope": _SCOPES,
    },
    reconcile=_reconcile,
)
