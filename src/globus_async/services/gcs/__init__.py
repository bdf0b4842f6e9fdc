"""
Globus Connect Server: `GCSClient` manages one endpoint, its storage gateways, collections, roles and credentials.

Errors are in `errors`, documents of responses in `documents`.
"""

from typing import TYPE_CHECKING

from ..._lazy_names import lazy_names

if TYPE_CHECKING:
    from . import documents
    from .arguments import Ids, Texts
    from .client import GCSClient
    from .connectors import ConnectorTable, GlobusConnectServerConnector
    from .errors import (
        AuthenticationFailed,
        AuthorizationRequired,
        Conflict,
        ConsentRequired,
        GCSAPIError,
        InvalidDocument,
        NotFound,
        PermissionDenied,
        RateLimited,
        ServiceUnavailable,
    )
    from .local_server import LocalGlobusConnectServer
    from .responses import IterableGCSResponse, UnpackingGCSResponse

__all__ = (
    "AuthenticationFailed",
    "AuthorizationRequired",
    "Conflict",
    "ConnectorTable",
    "ConsentRequired",
    "GCSAPIError",
    "GCSClient",
    "GlobusConnectServerConnector",
    "Ids",
    "InvalidDocument",
    "IterableGCSResponse",
    "LocalGlobusConnectServer",
    "NotFound",
    "PermissionDenied",
    "RateLimited",
    "ServiceUnavailable",
    "Texts",
    "UnpackingGCSResponse",
    "documents",
)

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "arguments": ("Ids", "Texts"),
            "client": ("GCSClient",),
            "connectors": ("ConnectorTable", "GlobusConnectServerConnector"),
            "errors": (
                "AuthenticationFailed",
                "AuthorizationRequired",
                "Conflict",
                "ConsentRequired",
                "GCSAPIError",
                "InvalidDocument",
                "NotFound",
                "PermissionDenied",
                "RateLimited",
                "ServiceUnavailable",
            ),
            "local_server": ("LocalGlobusConnectServer",),
            "responses": ("IterableGCSResponse", "UnpackingGCSResponse"),
        },
    )
