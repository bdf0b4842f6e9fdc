"""Marks in cookies by which a process recognizes those that another running process has set."""

from __future__ import annotations

import logging
import re
import secrets
from typing import Final

__all__ = ("ProcessMark",)

_log = logging.getLogger("globus_async")
_MARK: Final = re.compile(r"([0-9a-f]{8})-([0-9]{1,12})")


class ProcessMark:
    """
    The mark of this process, with the time, in the cookies that only this process understands.

    A cookie of another process is not proof of a mistake, since it may be older than this process. A cookie that
    another process has set since this one started means that both of them serve the application.

    Args:
        started_at: When the process began to serve the application, POSIX seconds.
    """

    def __init__(self, started_at: float) -> None:
        self._id = secrets.token_hex(4)
        self._started_at = started_at
        self._warned: set[str] = set()

    def at(self, now: float) -> str:
        """Return the mark for a cookie that is set now."""
        return f"{self._id}-{now:.0f}"

    def warn_of_another(self, mark: str, message: str) -> None:
        """Log a message, once, if a mark is that of another process that has run beside this one."""
        found = _MARK.fullmatch(mark)
        if found is None or found[1] == self._id or float(found[2]) <= self._started_at or message in self._warned:
            return
        self._warned.add(message)
        _log.warning(message)
