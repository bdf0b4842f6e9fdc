"""The errors of Globus Timers."""

from __future__ import annotations

from typing import Final

from ...errors import ErrorKinds, GlobusAPIError

__all__ = ("TimersAPIError", "error_kinds")


class TimersAPIError(GlobusAPIError):
    """
    Globus Timers returned an error.

    Those of documents that are not valid list each problem with its place: ``body.timer.schedule: field required``.
    """


error_kinds: Final = ErrorKinds(TimersAPIError)
"""Makes the errors of Globus Timers."""
