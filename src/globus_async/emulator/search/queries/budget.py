"""A limit on the work of one query."""

from __future__ import annotations

from ..errors import SearchError

__all__ = ("Budget",)


class Budget:
    """
    The work that a query may do, counted in steps so that it depends on no machine.

    Args:
        steps: The limit; a second or two on most machines.
    """

    def __init__(self, steps: int = 4_000_000) -> None:
        self._left = steps

    def spend(self, steps: int) -> None:
        """
        Count some steps.

        Raises:
            SearchError: 504, as the service responds to queries of more than 30 seconds.
        """
        self._left -= steps
        if self._left < 0:
            raise SearchError(504, "GatewayTimeout.Generic", "The query took too long, and was ended")
