"""
The errors of files on collections.

::

    FilesAPIError                      the HTTPS server of a collection returned an error
        NotFound                       the file does not exist: the storage says so
        UnconfirmedNotFound            404, but the storage does not say that the file is missing: it may exist
            BackendUnavailable         the server could not ask the storage, even after retries
        AuthenticationFailed           no token, one that is expired or revoked, or one for another collection
            LoginRequested             the server redirects to a login page
        AuthorizationRequired          log in again, with `authorization_parameters`
            ConsentRequired            ... and consent to `required_scopes`
        PermissionDenied               no permission for the file, or no local account
            MethodNotAllowed           the collection does not allow this over HTTPS
        PathIsDirectory                a directory, where a file was expected
        RangeNotSatisfiable            the file has no such bytes
        Conflict, RateLimited, ServiceUnavailable
    FileTruncated (ResponseDecodeError) other bytes than were requested, even after retries
    FileChanged                        the file changed while it was read
    LocalFileError                     a local file cannot be read or written, for example because the disk is full
        DownloadInProgress             another download writes the same file
    UploadInterrupted                  an upload broke off; it names the truncated file, unless that was removed
    UnsafeName                         a listing has a name that would lead out of the target folder
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ... import errors
from ...errors import ErrorKinds, GlobusAPIError, GlobusError, ResponseDecodeError
from ...errors.authorization import find_gares
from ...errors.codes import embedded_documents
from .error_text import Meaning, error_code, error_message, is_login_page, meaning_of

if TYPE_CHECKING:
    from ...errors import Attempt, ErrorResponse

__all__ = (
    "AuthenticationFailed",
    "AuthorizationRequired",
    "BackendUnavailable",
    "Conflict",
    "ConsentRequired",
    "DownloadInProgress",
    "FileChanged",
    "FileTruncated",
    "FilesAPIError",
    "LocalFileError",
    "LoginRequested",
    "MethodNotAllowed",
    "NotFound",
    "PathIsDirectory",
    "PermissionDenied",
    "RangeNotSatisfiable",
    "RateLimited",
    "ServiceUnavailable",
    "UnconfirmedNotFound",
    "UnsafeName",
    "UploadInterrupted",
    "error_kinds",
)


class FilesAPIError(GlobusAPIError):
    """The HTTPS server of a collection returned an error."""

    def __init__(self, response: ErrorResponse, attempts: tuple[Attempt, ...] = ()) -> None:
        super().__init__(response, attempts)
        if not self.messages:
            self.code: str | None = self.code or error_code(self.raw_text)
            self.message: str = error_message(self.raw_text) or self.message


class AuthenticationFailed(errors.AuthenticationFailed, FilesAPIError):
    """
    No token, or one that is expired, revoked or for another collection (401).

    Each collection needs a token of its own, for the scope ``GCSCollectionClient.scopes.https``.
    """


class LoginRequested(AuthenticationFailed):
    """The server redirects to the login page of Globus Auth: it takes the request for one without credentials (302)."""

    def __str__(self) -> str:
        return (
            f"{super().__str__()}; the collection requires a token for its scope 'https': make the client with app= or"
            " authorizer="
        )


class AuthorizationRequired(errors.AuthorizationRequired, FilesAPIError):
    """The user must log in again, with the error's ``authorization_parameters``."""


class ConsentRequired(errors.ConsentRequired, AuthorizationRequired):
    """The user must consent to the error's ``required_scopes``, in a new login that requests them."""


class PermissionDenied(errors.PermissionDenied, FilesAPIError):
    """The caller has no permission for the file, or no local account on the collection's storage."""


class MethodNotAllowed(PermissionDenied):
    """The collection does not allow this over HTTPS: see ``https_methods`` of its document (405)."""


class NotFound(errors.NotFound, FilesAPIError):
    """The file, or the directory of a file to be written, does not exist: the storage says so (404)."""


class UnconfirmedNotFound(FilesAPIError):
    """
    The server returned 404, but the storage does not say that the file is missing: it may exist.

    Ask `TransferClient.operation_stat`.
    """


class BackendUnavailable(UnconfirmedNotFound):
    """The server could not ask the storage, even after retries on new connections (404): the file may exist."""


class PathIsDirectory(FilesAPIError):
    """A directory, where a file was expected. HTTPS has no listings: use `TransferClient.operation_ls`."""


class RangeNotSatisfiable(FilesAPIError):
    """The file has no such bytes (416)."""


class Conflict(errors.Conflict, FilesAPIError): ...


class RateLimited(errors.RateLimited, FilesAPIError): ...


class ServiceUnavailable(errors.ServiceUnavailable, FilesAPIError): ...


class FileTruncated(ResponseDecodeError):
    """
    The server sent fewer bytes than were requested, or others, even after retries.

    Attributes:
        position: The number of the first byte that is missing.
    """

    position: int = 0


class FileChanged(GlobusError):
    """
    The file changed while it was read: its size, its time or its version is another one.

    Attributes:
        path: The path on the collection.
    """

    path: str = ""


class LocalFileError(GlobusError):
    """
    A local file cannot be read or written, for example because the disk is full; the ``__cause__`` says why.

    Attributes:
        path: The local path.
        errno: The error number of the operating system, such as ``errno.ENOSPC``.
    """

    path: str = ""
    errno: int | None = None


class DownloadInProgress(LocalFileError):
    """Another download, of this process or another one, writes the same file."""


class UploadInterrupted(GlobusError):
    """
    An upload broke off; the ``__cause__`` says why.

    Attributes:
        path: The path on the collection that was to be written.
        remaining_path: The file that the upload has left on the collection: truncated, or with the whole content under
            a temporary name; ``None`` if there is none, or it was removed.
    """

    path: str = ""
    remaining_path: str | None = None


class UnsafeName(GlobusError):
    """
    A listing of the collection has a name that would lead out of the target folder, or that no local file can have.

    Attributes:
        name: The name.
    """

    name: str = ""


class _FileErrorKinds(ErrorKinds[FilesAPIError]):
    """Chooses the class of an error by the text of the storage: the status alone does not say what happened."""

    def __call__(self, response: ErrorResponse, attempts: tuple[Attempt, ...] = ()) -> FilesAPIError:
        document, text = response.error_document(), response.text
        gare = next(find_gares(embedded_documents(document, text)), None)
        if gare is not None:
            kind = ConsentRequired if gare.authorization_parameters.required_scopes else AuthorizationRequired
            return kind(response, attempts)
        return _kind_of(response)(response, attempts)


_BY_MEANING: Final = {Meaning.DENIED: PermissionDenied, Meaning.DIRECTORY: PathIsDirectory}
_OF_404: Final = {
    **_BY_MEANING,
    Meaning.MISSING: NotFound,
    Meaning.BROKEN: BackendUnavailable,
    Meaning.UNKNOWN: UnconfirmedNotFound,
}


def _kind_of(response: ErrorResponse) -> type[FilesAPIError]:
    status = response.status
    if status < 400:
        return LoginRequested if is_login_page(response.headers.get("location")) else FilesAPIError
    if status == 401:
        return AuthenticationFailed
    kinds = _OF_404 if status == 404 else _BY_MEANING
    found = kinds.get(meaning_of(response.text, path=response.path))
    return error_kinds.class_for(status, None) if found is None else found


def _is_transient(response: ErrorResponse) -> bool:
    """Return whether a 404 is one of a server that could not ask the storage."""
    return response.status == 404 and meaning_of(response.text, path=response.path) is Meaning.BROKEN


error_kinds: ErrorKinds[FilesAPIError] = _FileErrorKinds(
    FilesAPIError, statuses={405: MethodNotAllowed, 416: RangeNotSatisfiable}, transient=_is_transient
)
"""Makes the errors of collections' HTTPS servers."""
