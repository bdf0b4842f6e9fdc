"""The errors of the HTTPS servers of collections: text as GridFTP servers write it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..kit.errors import ErrorKind, ServiceError

if TYPE_CHECKING:
    from ..kit.collection_files import FileAccessError

__all__ = ("FilesError", "access_error", "login_denied")

_ERRNO: Final[Mapping[str, tuple[int, str, int]]] = {
    "FILE_NOT_FOUND": (404, "PATH_NOT_FOUND", 2),
    "NOT_A_DIRECTORY": (404, "PATH_NOT_FOUND", 2),
    "PERMISSION_DENIED": (403, "PERMISSION_DENIED", 13),
    "NOT_A_FILE": (404, "NOT_A_FILE", 21),
    "NOT_SUPPORTED": (403, "NOT_SUPPORTED", 95),
    "QUOTA_EXCEEDED": (500, "QUOTA_EXCEEDED", 122),
}
"""Status, code and error number by the code of a failed operation."""
_REASONS: Final = {2: "No such file or directory"}


class FilesError(ServiceError):
    """An error of an HTTPS server; ``text`` is the body of the response."""

    codes: ClassVar[Mapping[ErrorKind, tuple[int, str]]] = {
        ErrorKind.NO_CREDENTIALS: (401, "LOGIN_DENIED"),
        ErrorKind.INVALID_TOKEN: (401, "LOGIN_DENIED"),
        ErrorKind.INSUFFICIENT_SCOPE: (403, "LOGIN_DENIED"),
        ErrorKind.METHOD_NOT_ALLOWED: (405, "METHOD_NOT_ALLOWED"),
        ErrorKind.INTERNAL: (500, "INTERNAL_ERROR"),
    }

    @property
    def text(self) -> str:
        """The body of the response."""
        text: str | None = self.members.get("text")
        return f"GlobusError: v=1 c={self.code}\n{self.message}\n" if text is None else text

    def document(self, *, path: str, request_id: str) -> dict[str, Any]:  # noqa: ARG002 -- as in the base class
        """Return the error as JSON."""
        members = {key: value for key, value in self.members.items() if key != "text"}
        return {
            "DATA_TYPE": "result#1.0.0",
            "code": self.code.lower(),
            "http_response_code": self.status,
            "message": self.message,
            **members,
        }


def access_error(error: FileAccessError) -> FilesError:
    """Return the response to a failed operation on a file."""
    if error.code not in _ERRNO:
        text = f"Mapping collection to specified ID failed.\nGlobusError: v=1 c=ENDPOINT_ERROR\n{error}\n"
        return FilesError(404, "ENDPOINT_ERROR", str(error), text=text)
    status, code, number = _ERRNO[error.code]
    reason = _REASONS.get(number, str(error))
    text = f"Error accessing path.\nGlobusError: v=1 c={code}\nGridFTP-Errno: {number}\nGridFTP-Error: {reason}\n"
    return FilesError(status, code, reason, text=text)


def login_denied(message: str, detail: object, parameters: Mapping[str, object] | None = None) -> FilesError:
    """
    Return the refusal of a caller who is not, or not recently enough, logged in as somebody with an account.

    Args:
        message: The text for the user.
        detail: The ``detail`` of the document in the body.
        parameters: The ``authorization_parameters`` of the login that would be enough.
    """
    members: dict[str, Any] = {"detail": detail}
    if parameters is not None:
        members["authorization_parameters"] = {**parameters, "session_message": message}
    document = {
        "DATA_TYPE": "result#1.0.0",
        "code": "permission_denied",
        "has_next_page": False,
        "http_response_code": 403,
        "message": message,
        **members,
    }
    text = (
        "530-Login incorrect. : GlobusError: v=1 c=LOGIN_DENIED\n"
        f"530-GridFTP-Message: {message}\n"
        f"530-GridFTP-JSON-Result: {json.dumps(document)}\n"
        "530 End.\n"
    )
    return FilesError(403, "PERMISSION_DENIED", message, text=text, **members)
