"""The errors of the Transfer service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from ..kit.errors import ErrorKind, ServiceError
from ..kit.fields import BOOLEAN, TEXT
from .storage.protocol import Problem, StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..kit.service import Document
    from .models import Collection

__all__ = (
    "JsonApiError",
    "SubmissionError",
    "TransferError",
    "disconnected_message",
    "endpoint_not_found",
    "from_storage_error",
    "permission_denied",
    "server_name",
)


class TransferError(ServiceError):
    """An error of the service; its document is a JSON:API one below ``/v2``."""

    codes: ClassVar[Mapping[ErrorKind, tuple[int, str]]] = {
        ErrorKind.INVALID_JSON: (400, "BadRequest"),
        ErrorKind.INVALID_FIELD: (400, "BadRequest"),
        ErrorKind.INVALID_PARAMETER: (400, "BadRequest"),
        ErrorKind.NO_CREDENTIALS: (401, "ClientError.AuthenticationFailed"),
        ErrorKind.INVALID_TOKEN: (401, "AuthenticationFailed"),
        ErrorKind.INSUFFICIENT_SCOPE: (403, "PermissionDenied"),
        ErrorKind.NOT_IMPLEMENTED: (501, "NotImplemented"),
        ErrorKind.METHOD_NOT_ALLOWED: (405, "ClientError.MethodNotAllowed"),
        ErrorKind.RATE_LIMITED: (429, "ClientError.TooManyRequests"),
        ErrorKind.INTERNAL: (500, "InternalError"),
        ErrorKind.UNAVAILABLE: (503, "ServiceUnavailable"),
    }

    def __init__(
        self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(status, code, message, headers={"x-transfer-api-error": code, **(headers or {})}, **members)

    def document(self, *, path: str, request_id: str) -> Document:
        """Return the error document."""
        if path.startswith("/v2/"):
            error = {"status": str(self.status), "code": self.code, "title": self.code, "detail": self.message}
            return {"errors": [error], "meta": {"request_id": request_id}, **self.members}
        return {
            "code": self.code,
            "message": self.message,
            "request_id": request_id,
            "resource": path,
            **self.members,
        }


class SubmissionError(TransferError):
    """An error of a submission; the code of an invalid value differs from that of a missing or mistyped member."""

    codes: ClassVar[Mapping[ErrorKind, tuple[int, str]]] = {
        **TransferError.codes,
        ErrorKind.INVALID_FIELD: (400, "ClientError.BadRequest"),
    }

    @classmethod
    def missing_field(cls, name: str) -> Self:
        """Return the error of a missing member."""
        return cls(400, "BadRequest", super().missing_field(name).message)

    @classmethod
    def invalid_field(cls, name: str, expected: str) -> Self:
        """Return the error of a member with a wrong value."""
        error = super().invalid_field(name, expected)
        return cls(400, "BadRequest", error.message) if expected in {TEXT.name, BOOLEAN.name} else error


class JsonApiError(TransferError):
    """An error of a JSON:API document, whose invalid members have a status of their own."""

    codes: ClassVar[Mapping[ErrorKind, tuple[int, str]]] = {
        **TransferError.codes,
        ErrorKind.INVALID_FIELD: (422, "UnprocessableEntity"),
    }


def endpoint_not_found(endpoint_id: str, *, deleted: bool = False) -> TransferError:
    """Return the error of an unknown or deleted endpoint."""
    if deleted:
        return TransferError(404, "EndpointDeleted", f"Endpoint '{endpoint_id}' has been deleted")
    return TransferError(404, "EndpointNotFound", f"No such endpoint '{endpoint_id}'")


def permission_denied(message: str) -> TransferError:
    """Return the error of a missing role."""
    return TransferError(403, "PermissionDenied", message)


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


def from_storage_error(error: StorageError, operation: str, collection: Collection, path: str) -> TransferError:
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
    return TransferError(
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
