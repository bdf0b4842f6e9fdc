"""The collections of an emulator, as a service that manages them puts them where files are moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ("CollectionRegistry", "ManagedEntity", "PathCheck", "RoleRecord")


class PathCheck(Protocol):
    """Returns whether identities may read, or write, a path of a collection."""

    def __call__(self, path: Sequence[str], identities: frozenset[str], /, *, write: bool) -> bool:
        """Return it."""
        ...


@dataclass(frozen=True, slots=True)
class RoleRecord:
    """A role of a principal on a collection or endpoint."""

    id: str
    principal: str
    """The UUID of an identity or group."""
    role: str
    is_group: bool = False


@dataclass(frozen=True, slots=True)
class ManagedEntity:
    """An endpoint of Globus Connect Server, or a collection on one."""

    id: str
    owner_id: str
    domain: str
    """The host of the Manager of the endpoint."""
    document: dict[str, Any] = field(default_factory=dict[str, Any])
    """Members of the document that Transfer has of it, such as ``display_name`` and ``entity_type``."""
    endpoint_id: str | None = None
    """The endpoint of a collection; `None` for an endpoint itself."""
    host_id: str | None = None
    """The mapped collection of a guest collection."""
    path: str = "/"
    """The directory that is its root: of the storage of its gateway, or of its mapped collection."""
    needs_data_access: bool = False
    account_of: Callable[[str], str | None] | None = None
    """Returns the local user that an identity is mapped to; by default each identity has an account."""
    allows: PathCheck | None = None
    """Whether its Manager lets identities read, or write, a path; by default every path."""
    https_host: str | None = None
    """The host of the HTTPS server of a collection."""
    https_methods: frozenset[str] | None = None
    """The verbs that it allows; all by default."""


class CollectionRegistry(Protocol):
    """The collections of an emulator, as the service that moves their files has them."""

    def put(self, entity: ManagedEntity, storage: object = None) -> None:
        """
        Add an endpoint or collection, or change the present one of the same id.

        Args:
            entity: The endpoint or collection.
            storage: The storage of the gateway of a mapped collection, as `storage_of` returns it.

        Raises:
            NotADirectoryError: The path of a new collection is no directory.
        """
        ...

    def remove(self, id: str) -> None:
        """Remove an endpoint or collection."""
        ...

    def __contains__(self, id: object) -> bool:
        """Return whether there is an endpoint or collection with an id."""
        ...

    def https_url(self, id: str) -> str | None:
        """Return the address of the files of a collection; `None` if it serves none over HTTPS."""
        ...

    def storage_of(self, *, path: str | None = None, files: object = None) -> object:
        """
        Return a storage for `put`.

        Args:
            path: The directory of this machine that it is.
            files: The files of one in memory, by name; none by default.
        """
        ...

    def storage_at(self, id: str) -> object:
        """Return the storage of a collection, for `put`; `None` if it has none."""
        ...

    def roles(self, id: str) -> list[RoleRecord]:
        """Return the roles on an endpoint or collection, that of its owner among them."""
        ...

    def add_role(self, id: str, role: RoleRecord) -> None:
        """Add a role."""
        ...

    def remove_role(self, id: str, role_id: str) -> None:
        """Remove a role."""
        ...
