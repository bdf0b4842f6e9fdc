"""Transfer and delete tasks that are waited for; a failed task becomes an `OSError`."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from ..errors import GlobusError
from ..services.transfer.waiting.outcomes import TaskEndReason

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

    from ..services.transfer.client import TransferClient
    from ..services.transfer.waiting.outcomes import TaskOutcome

__all__ = ("run_task",)

_log = logging.getLogger("globus_async")
_MAX_FAULTS: Final = 3
_PERMANENT_FAULTS: Final = ("FILE_NOT_FOUND", "PERMISSION_DENIED", "NOT_A_FILE", "NOT_A_DIRECTORY", "QUOTA_EXCEEDED")
"""Faults that the service repeats until the deadline of the task, and that no repetition changes."""

_ERRORS: Final[dict[str, type[OSError]]] = {
    "FILE_NOT_FOUND": FileNotFoundError,
    "PERMISSION_DENIED": PermissionError,
    "NOT_A_FILE": IsADirectoryError,
    "NOT_A_DIRECTORY": NotADirectoryError,
}


async def run_task(tc: TransferClient, data: MutableMapping[str, Any], what: str) -> None:
    """
    Submit a task and wait until it has succeeded; it is canceled if the caller is cancelled.

    Args:
        tc: The client.
        data: The document of the task.
        what: The operation, for messages.

    Raises:
        OSError: The task failed, is suspended, or repeats the same fault; then it is canceled.
    """
    outcome = await tc.run_task(
        data,
        stalled_after=_MAX_FAULTS,
        stall_codes=_PERMANENT_FAULTS,
        error_events=1,
        cancel_task_if_cancelled=True,
    )
    if outcome.reason is TaskEndReason.SUCCEEDED:
        return
    if not outcome.is_done:
        with suppress(GlobusError):
            await tc.cancel_task(outcome.task["task_id"])
    raise _error_of(outcome, what)


def _error_of(outcome: TaskOutcome, what: str) -> OSError:
    event: Mapping[str, object] = outcome.error_events[0] if outcome.error_events else {}
    fatal: Mapping[str, object] = outcome.task.get("fatal_error") or {}
    codes = (fatal.get("code"), event.get("code"), outcome.task.get("nice_status"))
    kind = next((_ERRORS[code] for code in codes if isinstance(code, str) and code in _ERRORS), OSError)
    if outcome.reason is TaskEndReason.INACTIVE:
        kind = PermissionError
    detail = fatal.get("description") or event.get("description") or outcome.task.get("nice_status_details") or ""
    return kind(f"{what}: task {outcome.task.get('task_id')} {outcome.reason}: {detail}".rstrip(": "))
