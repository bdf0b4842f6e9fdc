"""The errors of the Transfer service, as values that a route raises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .storage.protocol import Problem, StorageError

if TYPE_CHECKING:
    from .models import Collection, Document

__all__ = (
    "ServiceError",
    "disconnected",
    "no_such_endpoint",
    "not_permitted",
    "of_storage",
    "server_of",
)


class ServiceError(Exception):
    """An answer of 400 or more."""

    def __init__(
        self, status: int, code: str, message: str, *, headers: dict[str, str] | None = None, **members: object
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}
        self.members: Document = members


def no_such_endpoint(endpoint_id: str, *, deleted: bool = False) -> ServiceError:
    """Say that there is no such endpoint, or that there was one."""
    if deleted:
        return ServiceError(404, "EndpointDeleted", f"Endpoint '{endpoint_id}' has been deleted")
    return ServiceError(404, "EndpointNotFound", f"No such endpoint '{endpoint_id}'")


def not_permitted(what: str = "You do not have permission to perform the requested operation") -> ServiceError:
    """Say that a role is missing."""
    return ServiceError(403, "PermissionDenied", what)


def disconnected(collection: Collection) -> str:
    """Say that a Connect Personal endpoint is offline."""
    name = f"{collection.display_name} ({collection.id})"
    return f"The Globus Connect Personal endpoint '{name}' is not currently connected to Globus"


_REASONS: Final = {
    "ls": "DirListingFailed",
    "mkdir": "MkdirFailed",
    "rename": "RenameFailed",
    "symlink": "SymlinkFailed",
    "stat": "StatFailed",
}


def of_storage(error: StorageError, operation: str, collection: Collection, path: str) -> ServiceError:
    """Say what the server of a collection answered to a file operation."""
    family = f"ExternalError.{_REASONS[operation]}"
    match error.problem, operation:
        case Problem.NOT_FOUND, "stat":
            status, code, summary = 404, "NotFound", "Path not found"
        case Problem.NOT_FOUND, _:
            status, code, summary = 404, "ClientError.NotFound", "Path not found"
        case Problem.PERMISSION_DENIED, "rename" | "symlink":
            status, code, summary = 403, "PermissionDenied", "Denied by endpoint"
        case Problem.PERMISSION_DENIED, _:
            status, code, summary = 403, "EndpointPermissionDenied", "Denied by endpoint"
        case Problem.EXISTS, _:
            status, code, summary = 502, f"{family}.Exists", "Path already exists"
        case Problem.NOT_A_DIRECTORY, _:
            status, code, summary = 502, f"{family}.NotDirectory", "Not a directory"
        case Problem.NOT_SUPPORTED, _:
            status, code, summary = 409, "NotSupported", "Not supported by the storage"
        case _:
            status, code, summary = 502, family, "Command failed"
    command = {"ls": "MLSD", "stat": "MLST", "mkdir": "MKD", "rename": "RNFR", "symlink": "SITE SYMLINK"}[operation]
    return ServiceError(
        status,
        code,
        f"{summary}, Error ({'list' if operation in {'ls', 'stat'} else operation})\n"
        f"Endpoint: {collection.display_name} ({collection.id})\n"
        f"Server: {server_of(collection)}\n"
        f"Command: {command} {path}\n"
        f"Message: {error}\n---\n"
        f"Details: 500-Command failed. : {error}\\r\\n500 End.\\r\\n\n",
    )


def server_of(collection: Collection) -> str:
    """Name the data transfer node of a collection in error texts."""
    return f"{collection.id[:8]}.data.emulator.example:443"
