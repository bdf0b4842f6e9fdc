"""
Files of collections over HTTPS: `GCSCollectionClient`.

Errors are in `errors`.
"""

from typing import TYPE_CHECKING

from ..._lazy_names import lazy_names

if TYPE_CHECKING:
    from .client import GCSCollectionClient
    from .downloads import DownloadedFile
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
    from .progress import FileProgress, OnProgress
    from .transfer_operations import TransferOperations
    from .upload_source import BinaryReader, UploadSource
    from .uploads import UploadedFile

__all__ = (
    "AuthenticationFailed",
    "AuthorizationRequired",
    "BackendUnavailable",
    "BinaryReader",
    "Conflict",
    "ConsentRequired",
    "DownloadInProgress",
    "DownloadedFile",
    "FileChanged",
    "FileProgress",
    "FileStream",
    "FileTruncated",
    "FilesAPIError",
    "GCSCollectionClient",
    "LocalFileError",
    "LoginRequested",
    "MethodNotAllowed",
    "NotFound",
    "OnProgress",
    "PathIsDirectory",
    "PermissionDenied",
    "RangeNotSatisfiable",
    "RateLimited",
    "ServiceUnavailable",
    "TransferOperations",
    "UnconfirmedNotFound",
    "UnsafeName",
    "UploadInterrupted",
    "UploadSource",
    "UploadedFile",
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
            "downloads": ("DownloadedFile",),
            "file_stream": ("FileStream",),
            "progress": ("FileProgress", "OnProgress"),
            "transfer_operations": ("TransferOperations",),
            "upload_source": ("BinaryReader", "UploadSource"),
            "uploads": ("UploadedFile",),
        },
    )
