"""The files of collections, as the service that hands them out over HTTPS sees them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("CollectionFiles", "FileAccessError", "FileWriter", "ServedCollection")


class FileAccessError(Exception):
    """A failed operation on a file; ``code`` is an event code of Transfer, such as ``FILE_NOT_FOUND``."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class ServedCollection:
    """A collection with an HTTPS server, as it is at the time of a request."""

    id: str
    name: str
    is_guest: bool
    methods: frozenset[str] | None
    """The verbs it allows; all by default."""
    is_enabled: bool = True
    needs_data_access: bool = False
    high_assurance: bool = False
    policy_id: str | None = None
    """The authentication policy that sessions have to satisfy."""
    session_minutes: float | None = None
    """The minutes after which a login is too old; `None` for the default of the service."""
    mfa: bool = False


class FileWriter(Protocol):
    """A file that is being written in place."""

    def write(self, data: bytes, /) -> object:
        """Append data to the file."""
        ...

    def close(self) -> None:
        """End the file with what was written."""
        ...


class CollectionFiles(Protocol):
    """
    The files of all collections. All methods but `at` block; they raise `FileAccessError`.

    Access is that of a set of linked identities, and of anybody for an empty set.
    """

    def at(self, name: str) -> ServedCollection | None:
        """Return the collection whose HTTPS server has a host name; `None` if there is none."""
        ...

    def open(self, collection_id: str, identities: frozenset[str], path: Sequence[str]) -> BinaryIO:
        """Open a file for reading."""
        ...

    def overwrite(self, collection_id: str, identities: frozenset[str], path: Sequence[str]) -> FileWriter:
        """Open a file for writing, without its former content; its directory must exist."""
        ...

    def delete(self, collection_id: str, identities: frozenset[str], path: Sequence[str]) -> None:
        """Remove a file."""
        ...

    def may_access(self, collection_id: str, identities: frozenset[str], path: Sequence[str], *, write: bool) -> bool:
        """Return whether access rules allow identities to read, or to write, a path."""
        ...
