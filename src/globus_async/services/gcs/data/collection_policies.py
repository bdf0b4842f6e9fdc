"""The policies of mapped collections, by connector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from ...._http.missing import MISSING, MissingType
from .document import (
    Check,
    GCSDocument,
    text,
    text_items,
)

if TYPE_CHECKING:
    from ..arguments import Texts

__all__ = (
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
)


class CollectionPolicies(GCSDocument):
    """The policies of a mapped collection. Each connector has a class of its own."""

    DATATYPE_BASE: ClassVar[str] = "collection_policies"


class POSIXCollectionPolicies(CollectionPolicies):
    """
    The policies of a mapped POSIX collection.

    Args:
        sharing_groups_allow: Groups of local users that may create guest collections, one or several.
        sharing_groups_deny: Groups that may not.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> POSIXCollectionPolicies(sharing_groups_allow="staff")
        POSIXCollectionPolicies({'DATA_TYPE': 'posix_collection_policies#1.1.0', 'sharing_groups_allow': ['staff']})

    **Differs from globus-sdk:** is of version 1.1.0, the first that has these members.
    """

    DATATYPE_BASE: ClassVar[str] = "posix_collection_policies"
    DATATYPE_VERSION_IMPLICATIONS: ClassVar[Mapping[str, tuple[int, int, int]]] = {
        "sharing_groups_allow": (1, 1, 0),
        "sharing_groups_deny": (1, 1, 0),
    }
    _checks: ClassVar[Mapping[str, Check]] = {
        "sharing_groups_allow": text_items,
        "sharing_groups_deny": text_items,
    }

    def __init__(
        self,
        *,
        sharing_groups_allow: Texts | MissingType | None = MISSING,
        sharing_groups_deny: Texts | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "sharing_groups_allow": sharing_groups_allow,
                "sharing_groups_deny": sharing_groups_deny,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class POSIXStagingCollectionPolicies(CollectionPolicies):
    """
    The policies of a mapped POSIX Staging collection.

    Args:
        sharing_groups_allow: Groups of local users that may create guest collections, one or several.
        sharing_groups_deny: Groups that may not.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> POSIXStagingCollectionPolicies(sharing_groups_deny=["guests"])["sharing_groups_deny"]
        ['guests']
    """

    DATATYPE_BASE: ClassVar[str] = "posix_staging_collection_policies"
    _checks: ClassVar[Mapping[str, Check]] = {
        "sharing_groups_allow": text_items,
        "sharing_groups_deny": text_items,
    }

    def __init__(
        self,
        *,
        sharing_groups_allow: Texts | MissingType | None = MISSING,
        sharing_groups_deny: Texts | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "sharing_groups_allow": sharing_groups_allow,
                "sharing_groups_deny": sharing_groups_deny,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class GoogleCloudStorageCollectionPolicies(CollectionPolicies):
    """
    The policies of a mapped Google Cloud Storage collection.

    Args:
        project: The project, of which users must be members.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> GoogleCloudStorageCollectionPolicies(project="genomes")["project"]
        'genomes'
    """

    DATATYPE_BASE: ClassVar[str] = "google_cloud_storage_collection_policies"
    _checks: ClassVar[Mapping[str, Check]] = {
        "project": text,
    }

    def __init__(
        self,
        *,
        project: str | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "project": project,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class S3CollectionPolicies(CollectionPolicies):
    """
    The policies of a mapped S3 collection, which has none of its own yet.

    Example:
        >>> S3CollectionPolicies()["DATA_TYPE"]
        's3_collection_policies#1.0.0'

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "s3_collection_policies"


class AzureBlobCollectionPolicies(CollectionPolicies):
    """
    The policies of a mapped Azure Blob collection, which has none of its own yet.

    Example:
        >>> AzureBlobCollectionPolicies()["DATA_TYPE"]
        'azure_blob_collection_policies#1.0.0'

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "azure_blob_collection_policies"


class BlackPearlCollectionPolicies(CollectionPolicies):
    """
    The policies of a mapped BlackPearl collection, which has none of its own yet.

    Example:
        >>> BlackPearlCollectionPolicies()["DATA_TYPE"]
        'blackpearl_collection_policies#1.0.0'

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "blackpearl_collection_policies"


class BoxCollectionPolicies(CollectionPolicies):
    """
    The policies of a mapped Box collection, which has none of its own yet.

    Example:
        >>> BoxCollectionPolicies()["DATA_TYPE"]
        'box_collection_policies#1.0.0'

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "box_collection_policies"


class CephCollectionPolicies(CollectionPolicies):
    """
    The policies of a mapped Ceph collection, which has none of its own yet.

    Example:
        >>> CephCollectionPolicies()["DATA_TYPE"]
        'ceph_collection_policies#1.0.0'

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "ceph_collection_policies"


class DropboxCollectionPolicies(CollectionPolicies):
    """
    The policies of a mapped Dropbox collection, which has none of its own yet.

    Example:
        >>> DropboxCollectionPolicies()["DATA_TYPE"]
        'dropbox_collection_policies#1.0.0'

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "dropbox_collection_policies"


class GoogleDriveCollectionPolicies(CollectionPolicies):
    """
    The policies of a mapped Google Drive collection, which has none of its own yet.

    Example:
        >>> GoogleDriveCollectionPolicies()["DATA_TYPE"]
        'google_drive_collection_policies#1.0.0'

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "google_drive_collection_policies"


class HPSSCollectionPolicies(CollectionPolicies):
    """
    The policies of a mapped HPSS collection, which has none of its own yet.

    Example:
        >>> HPSSCollectionPolicies()["DATA_TYPE"]
        'hpss_collection_policies#1.0.0'

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "hpss_collection_policies"


class IrodsCollectionPolicies(CollectionPolicies):
    """
    The policies of a mapped iRODS collection, which has none of its own yet.

    Example:
        >>> IrodsCollectionPolicies()["DATA_TYPE"]
        'irods_collection_policies#1.0.0'

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "irods_collection_policies"


class OneDriveCollectionPolicies(CollectionPolicies):
    """
    The policies of a mapped OneDrive collection, which has none of its own yet.

    Example:
        >>> OneDriveCollectionPolicies()["DATA_TYPE"]
        'onedrive_collection_policies#1.0.0'

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "onedrive_collection_policies"
