"""The class for fsspec's registry, which the entry point names."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points

from ..errors import GlobusSDKUsageError
from .filesystem import GlobusFileSystem
from .paths import PROTOCOL

__all__ = ("GlobusFileSystem", "check_sole_claim")


def check_sole_claim(claims: Iterable[EntryPoint]) -> None:
    """
    Check that no other package claims the protocol: which one fsspec would use is chance.

    Args:
        claims: The entry points of the protocol.

    Raises:
        GlobusSDKUsageError: There is another one.
    """
    others = sorted({claim.value for claim in claims if not claim.value.startswith("globus_async.")})
    if others:
        raise GlobusSDKUsageError(
            f"several installed packages claim the protocol {PROTOCOL!r}: globus-async and {', '.join(others)}."
            " Uninstall the others, or choose one, before the first use:"
            f" fsspec.register_implementation({PROTOCOL!r}, globus_async.fsspec.GlobusFileSystem, clobber=True)"
        )


check_sole_claim(entry_points(group="fsspec.specs", name=PROTOCOL))
