"""
Files of collections over HTTPS: `GCSCollectionClient`.

Errors are in `errors`.
"""

from typing import TYPE_CHECKING

from ..._lazy_names import lazy_names

if TYPE_CHECKING:
    from .client import GCSCollectionClient
    from .errors import (
        AuthenticationFailed,
        AuthorizationRequired,
        BackendUnavailable,
        Conflict,
        ConsentRequired,
        DownloadInProgress,
        FileChanged,
        FilesAPIError,
        FileTruncated,
        LocalFileError,
        LoginRequested,
        MethodNotAllowed,
        NotFound,
        PathIsDirectory,
        PermissionDenied,
        RangeNotSatisfiable,
        RateLimited,
        ServiceUnavailable,
        UnconfirmedNotFound,
        UnsafeName,
        UploadInterrupted,
    )
    from .file_stream import FileStream

__all__ = (
    "AuthenticationFailed",
    "AuthorizationRequired",
    "BackendUnavailable",
    "Conflict",
    "ConsentRequired",
    "DownloadInProgress",
    "FileChanged",
    "FileStream",
    "FileTruncated",
    "FilesAPIError",
    "GCSCollectionClient",
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
)

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "client": ("GCSCollectionClient",),
            "errors": (
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
            ),
            "file_stream": ("FileStream",),
        },
    )
