"""The errors of the Transfer service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .storage.protocol import Problem, StorageError

if TYPE_CHECKING:
    from .models import Collection, Document

__all__ = (
    "ServiceError",
    "disconnected_message",
    "endpoint_not_found",
    "from_storage_error",
    "permission_denied",
    "server_name",
)


class ServiceError(Exception):
    """An error response of the service."""

    def __init__(
        self, status: int, code: str, message: str, *, headers: dict[str, str] | None = None, **members: object
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}
        self.members: Document = members


def endpoint_not_found(endpoint_id: str, *, deleted: bool = False) -> ServiceError:
    """Return the error of an unknown or deleted endpoint."""
    if deleted:
        return ServiceError(404, "EndpointDeleted", f"Endpoint '{endpoint_id}' has been deleted")
    return ServiceError(404, "EndpointNotFound", f"No such endpoint '{endpoint_id}'")


def permission_denied(message: str) -> ServiceError:
    """Return the error of a missing role."""
    return ServiceError(403, "PermissionDenied", message)


def disconnected_message(collection: Collection) -> str:
    """Return the message of a disconnected Globus Connect Personal endpoint."""
    name = f"{collection.display_name} ({collection.id})"
    return f"The Globus Connect Personal endpoint '{name}' is not currently connected to Globus"


_ERROR_CODES: Final = {
    "ls": "DirListingFailed",
    "mkdir": "MkdirFailed",
    "rename": "RenameFailed",
    "symlink": "SymlinkFailed",
    "stat": "StatFailed",
}


def from_storage_error(error: StorageError, operation: str, collection: Collection, path: str) -> ServiceError:
    """
    Return the error of a file operation that the storage refused.

    Args:
        error: The error of the storage.
        operation: ``ls``, ``stat``, ``mkdir``, ``rename`` or ``symlink``.
        collection: The collection.
        path: The path of the request.
    """
    family = f"ExternalError.{_ERROR_CODES[operation]}"
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
        f"Server: {server_name(collection)}\n"
        f"Command: {command} {path}\n"
        f"Message: {error}\n---\n"
        f"Details: 500-Command failed. : {error}\\r\\n500 End.\\r\\n\n",
    )


def server_name(collection: Collection) -> str:
    """Return the name of a collection's data transfer node, as used in error messages."""
    return f"{collection.id[:8]}.data.emulator.example:443"
