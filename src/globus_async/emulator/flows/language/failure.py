"""The failure of a state, by the name under which ``Catch`` finds it."""

from __future__ import annotations

__all__ = ("StateFailure",)


class StateFailure(Exception):
    """
    A state that cannot be completed.

    Args:
        error: The name of the error: ``ActionUnableToRun``.
        cause: Its cause for people, or details as JSON.
    """

    def __init__(self, error: str, cause: object) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause
