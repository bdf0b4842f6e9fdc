"""The keys of users for storage systems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from ...._http.missing import MISSING, MissingType
from .document import (
    Check,
    GCSDocument,
    flag,
    mappings,
    text,
)

if TYPE_CHECKING:
    from ....secret import Secret

__all__ = (
    "BlackPearlUserCredentialPolicies",
    "CephUserCredentialPolicies",
    "HPSSUserCredentialPolicies",
    "IrodsUserCredentialPolicies",
    "POSIXStagingUserCredentialPolicies",
    "POSIXUserCredentialPolicies",
    "S3UserCredentialPolicies",
    "UserCredentialPolicies",
)


class UserCredentialPolicies(GCSDocument):
    """The keys of a user for a storage system. Each connector has a class of its own."""

    DATATYPE_BASE: ClassVar[str] = "user_credential_policies"


class S3UserCredentialPolicies(UserCredentialPolicies):
    """
    The keys of a user for S3, for `UserCredentialDocument`.

    Args:
        s3_key_id: The id of the access key.
        s3_secret_key: The secret of the access key.
        s3_requester_pays: Whether you agree to pay for requests.
        s3_multi_keys: Further keys: documents with ``path_prefixes``, ``s3_key_id`` and ``s3_secret_key``.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> S3UserCredentialPolicies(s3_key_id="AKIA", s3_secret_key="do-not-print")["s3_secret_key"]
        Secret('***')

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "s3_user_credential_policies"
    DATATYPE_VERSION_IMPLICATIONS: ClassVar[Mapping[str, tuple[int, int, int]]] = {
        "s3_requester_pays": (1, 1, 0),
        "s3_multi_keys": (1, 2, 0),
    }
    _checks: ClassVar[Mapping[str, Check]] = {
        "s3_key_id": text,
        "s3_secret_key": text,
        "s3_requester_pays": flag,
        "s3_multi_keys": mappings,
    }

    def __init__(
        self,
        *,
        s3_key_id: str | MissingType | None = MISSING,
        s3_secret_key: str | Secret | MissingType | None = MISSING,
        s3_requester_pays: bool | MissingType | None = MISSING,
        s3_multi_keys: Mapping[str, object] | Iterable[Mapping[str, object]] | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "s3_key_id": s3_key_id,
                "s3_secret_key": s3_secret_key,
                "s3_requester_pays": s3_requester_pays,
                "s3_multi_keys": s3_multi_keys,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class POSIXUserCredentialPolicies(UserCredentialPolicies):
    """
    The policies of a user's credential for POSIX, which has none of its own.

    Example:
        >>> POSIXUserCredentialPolicies()["DATA_TYPE"]
        'posix_user_credential_policies#1.0.0'

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "posix_user_credential_policies"


class POSIXStagingUserCredentialPolicies(UserCredentialPolicies):
    """
    The policies of a user's credential for POSIX Staging, which has none of its own.

    Example:
        >>> POSIXStagingUserCredentialPolicies()["DATA_TYPE"]
        'posix_staging_user_credential_policies#1.0.0'

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "posix_staging_user_credential_policies"


class HPSSUserCredentialPolicies(UserCredentialPolicies):
    """
    The policies of a user's credential for HPSS, which has none of its own.

    Example:
        >>> HPSSUserCredentialPolicies()["DATA_TYPE"]
        'hpss_user_credential_policies#1.0.0'

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "hpss_user_credential_policies"


class IrodsUserCredentialPolicies(UserCredentialPolicies):
    """
    The policies of a user's credential for iRODS, which has none of its own.

    Example:
        >>> IrodsUserCredentialPolicies()["DATA_TYPE"]
        'irods_user_credential_policies#1.0.0'

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "irods_user_credential_policies"


class CephUserCredentialPolicies(UserCredentialPolicies):
    """
    The policies of a user's credential for Ceph, which has none of its own.

    Example:
        >>> CephUserCredentialPolicies()["DATA_TYPE"]
        'ceph_user_credential_policies#1.0.0'

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "ceph_user_credential_policies"


class BlackPearlUserCredentialPolicies(UserCredentialPolicies):
    """
    The policies of a user's credential for BlackPearl, which has none of its own.

    Example:
        >>> BlackPearlUserCredentialPolicies()["DATA_TYPE"]
        'blackpearl_user_credential_policies#1.0.0'

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "blackpearl_user_credential_policies"
