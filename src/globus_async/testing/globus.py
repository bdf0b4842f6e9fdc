"""The emulator as tests of this package's clients use it."""

from __future__ import annotations

from typing import Any

from ..emulator import globus
from ..transport import Transport

__all__ = ("GlobusEmulator",)


class GlobusEmulator(globus.GlobusEmulator):
    """
    An emulator of Globus Auth and Transfer in this process, with real files and real HTTP.

    Example:
        >>> async with GlobusEmulator() as emulator:
        ...     ada = emulator.add_identity("ada@example.org", name="Ada")
        ...     lab = emulator.add_collection("Lab storage", storage=MemoryStorage({"data.txt": "1"}), owner=ada)
        ...     authorizer = AccessTokenAuthorizer(emulator.access_token(ada))
        ...     tc = TransferClient(authorizer=authorizer, transport=emulator.transport())
        ...     [entry["name"] async for entry in tc.operation_ls(lab.id)]
        ['data.txt']
    """

    def transport(self, **options: Any) -> Transport:
        """
        Return a transport whose requests all reach this emulator, in process and whatever their host.

        It has the clock of the emulator: the delays and timeouts of its clients follow a `ManualClock`. Clients have no
        rate limit, unless they are given one.

        Args:
            options: Arguments of `Transport`.
        """
        options.setdefault("clock", self.clock)
        options.setdefault("default_rate_limits", False)
        return Transport(http_client=self.http_client(), **options)
