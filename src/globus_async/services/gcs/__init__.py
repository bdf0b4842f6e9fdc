"""
Globus Connect Server: `GCSClient` manages one endpoint, its storage gateways, collections, roles and credentials.

Documents for requests are in `data`, those of responses in `documents`, errors in `errors`.
"""

from typing import TYPE_CHECKING

from ..._lazy_names import lazy_names

if TYPE_CHECKING:
    from . import documents
    from .arguments import (
        Ids,
        Texts,
    )
    from .client import (
        GCSClient,
    )
    from .connectors import (
        ConnectorTable,
        GlobusConnectServerConnector,
    )
    from .data.access import (
        GCSRoleDocument,
        LanSecretData,
        SharingPolicyData,
        StreamGatewayData,
    )
    from .data.collection_policies import (
        AzureBlobCollectionPolicies,
        BlackPearlCollectionPolicies,
        BoxCollectionPolicies,
        CephCollectionPolicies,
        CollectionPolicies,
        DropboxCollectionPolicies,
        GoogleCloudStorageCollectionPolicies,
        GoogleDriveCollectionPolicies,
        HPSSCollectionPolicies,
        IrodsCollectionPolicies,
        OneDriveCollectionPolicies,
        POSIXCollectionPolicies,
        POSIXStagingCollectionPolicies,
        S3CollectionPolicies,
    )
    from .data.collections import (
        CollectionDocument,
        GuestCollectionDocument,
        MappedCollectionDocument,
        PathRestrictions,
    )
    from .data.credential_policies import (
        BlackPearlUserCredentialPolicies,
        CephUserCredentialPolicies,
        HPSSUserCredentialPolicies,
        IrodsUserCredentialPolicies,
        POSIXStagingUserCredentialPolicies,
        POSIXUserCredentialPolicies,
        S3UserCredentialPolicies,
        UserCredentialPolicies,
    )
    from .data.document import (
        GCSDocument,
    )
    from .data.drive_policies import (
        BoxStoragePolicies,
        DropboxStoragePolicies,
        GoogleDriveStoragePolicies,
        OneDriveStoragePolicies,
    )
    from .data.endpoints import (
        DomainData,
        EndpointDocument,
        NodeData,
    )
    from .data.oauth_credential_policies import (
        AzureBlobUserCredentialPolicies,
        BoxUserCredentialPolicies,
        DropboxUserCredentialPolicies,
        GoogleCloudStorageUserCredentialPolicies,
        GoogleDriveUserCredentialPolicies,
        OneDriveUserCredentialPolicies,
    )
    from .data.object_storage_policies import (
        ActiveScaleStoragePolicies,
        AzureBlobStoragePolicies,
        CephStoragePolicies,
        GoogleCloudStoragePolicies,
        S3StoragePolicies,
    )
    from .data.storage_gateways import (
        StorageGatewayDocument,
    )
    from .data.storage_policies import (
        BlackPearlStoragePolicies,
        HPSSStoragePolicies,
        IrodsStoragePolicies,
        POSIXStagingStoragePolicies,
        POSIXStoragePolicies,
        StorageGatewayPolicies,
    )
    from .data.user_credentials import (
        UserCredentialDocument,
    )
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
    from .local_server import (
        LocalGlobusConnectServer,
    )
    from .responses import (
        IterableGCSResponse,
        UnpackingGCSResponse,
    )

__all__ = (
    "ActiveScaleStoragePolicies",
    "AuthenticationFailed",
    "AuthorizationRequired",
    "AzureBlobCollectionPolicies",
    "AzureBlobStoragePolicies",
    "AzureBlobUserCredentialPolicies",
    "BlackPearlCollectionPolicies",
    "BlackPearlStoragePolicies",
    "BlackPearlUserCredentialPolicies",
    "BoxCollectionPolicies",
    "BoxStoragePolicies",
    "BoxUserCredentialPolicies",
    "CephCollectionPolicies",
    "CephStoragePolicies",
    "CephUserCredentialPolicies",
    "CollectionDocument",
    "CollectionPolicies",
    "Conflict",
    "ConnectorTable",
    "ConsentRequired",
    "DomainData",
    "DropboxCollectionPolicies",
    "DropboxStoragePolicies",
    "DropboxUserCredentialPolicies",
    "EndpointDocument",
    "GCSAPIError",
    "GCSClient",
    "GCSDocument",
    "GCSRoleDocument",
    "GlobusConnectServerConnector",
    "GoogleCloudStorageCollectionPolicies",
    "GoogleCloudStoragePolicies",
    "GoogleCloudStorageUserCredentialPolicies",
    "GoogleDriveCollectionPolicies",
    "GoogleDriveStoragePolicies",
    "GoogleDriveUserCredentialPolicies",
    "GuestCollectionDocument",
    "HPSSCollectionPolicies",
    "HPSSStoragePolicies",
    "HPSSUserCredentialPolicies",
    "Ids",
    "InvalidDocument",
    "IrodsCollectionPolicies",
    "IrodsStoragePolicies",
    "IrodsUserCredentialPolicies",
    "IterableGCSResponse",
    "LanSecretData",
    "LocalGlobusConnectServer",
    "MappedCollectionDocument",
    "NodeData",
    "NotFound",
    "OneDriveCollectionPolicies",
    "OneDriveStoragePolicies",
    "OneDriveUserCredentialPolicies",
    "POSIXCollectionPolicies",
    "POSIXStagingCollectionPolicies",
    "POSIXStagingStoragePolicies",
    "POSIXStagingUserCredentialPolicies",
    "POSIXStoragePolicies",
    "POSIXUserCredentialPolicies",
    "PathRestrictions",
    "PermissionDenied",
    "RateLimited",
    "S3CollectionPolicies",
    "S3StoragePolicies",
    "S3UserCredentialPolicies",
    "ServiceUnavailable",
    "SharingPolicyData",
    "StorageGatewayDocument",
    "StorageGatewayPolicies",
    "StreamGatewayData",
    "Texts",
    "UnpackingGCSResponse",
    "UserCredentialDocument",
    "UserCredentialPolicies",
    "documents",
)

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "arguments": (
                "Ids",
                "Texts",
            ),
            "client": ("GCSClient",),
            "connectors": (
                "ConnectorTable",
                "GlobusConnectServerConnector",
            ),
            "data.access": (
                "GCSRoleDocument",
                "LanSecretData",
                "SharingPolicyData",
                "StreamGatewayData",
            ),
            "data.collection_policies": (
                "AzureBlobCollectionPolicies",
                "BlackPearlCollectionPolicies",
                "BoxCollectionPolicies",
                "CephCollectionPolicies",
                "CollectionPolicies",
                "DropboxCollectionPolicies",
                "GoogleCloudStorageCollectionPolicies",
                "GoogleDriveCollectionPolicies",
                "HPSSCollectionPolicies",
                "IrodsCollectionPolicies",
                "OneDriveCollectionPolicies",
                "POSIXCollectionPolicies",
                "POSIXStagingCollectionPolicies",
                "S3CollectionPolicies",
            ),
            "data.collections": (
                "CollectionDocument",
                "GuestCollectionDocument",
                "MappedCollectionDocument",
                "PathRestrictions",
            ),
            "data.credential_policies": (
                "BlackPearlUserCredentialPolicies",
                "CephUserCredentialPolicies",
                "HPSSUserCredentialPolicies",
                "IrodsUserCredentialPolicies",
                "POSIXStagingUserCredentialPolicies",
                "POSIXUserCredentialPolicies",
                "S3UserCredentialPolicies",
                "UserCredentialPolicies",
            ),
            "data.document": ("GCSDocument",),
            "data.drive_policies": (
                "BoxStoragePolicies",
                "DropboxStoragePolicies",
                "GoogleDriveStoragePolicies",
                "OneDriveStoragePolicies",
            ),
            "data.endpoints": (
                "DomainData",
                "EndpointDocument",
                "NodeData",
            ),
            "data.oauth_credential_policies": (
                "AzureBlobUserCredentialPolicies",
                "BoxUserCredentialPolicies",
                "DropboxUserCredentialPolicies",
                "GoogleCloudStorageUserCredentialPolicies",
                "GoogleDriveUserCredentialPolicies",
                "OneDriveUserCredentialPolicies",
            ),
            "data.object_storage_policies": (
                "ActiveScaleStoragePolicies",
                "AzureBlobStoragePolicies",
                "CephStoragePolicies",
                "GoogleCloudStoragePolicies",
                "S3StoragePolicies",
            ),
            "data.storage_gateways": ("StorageGatewayDocument",),
            "data.storage_policies": (
                "BlackPearlStoragePolicies",
                "HPSSStoragePolicies",
                "IrodsStoragePolicies",
                "POSIXStagingStoragePolicies",
                "POSIXStoragePolicies",
                "StorageGatewayPolicies",
            ),
            "data.user_credentials": ("UserCredentialDocument",),
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
            "responses": (
                "IterableGCSResponse",
                "UnpackingGCSResponse",
            ),
        },
    )
