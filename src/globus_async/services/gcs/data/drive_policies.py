"""The policies of storage gateways for drives in the cloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from ...._http.missing import MISSING, MissingType
from .document import (
    Check,
    flag,
    mapping,
    number,
    text,
)
from .storage_policies import StorageGatewayPolicies

if TYPE_CHECKING:
    from ....secret import Secret

__all__ = (
    "BoxStoragePolicies",
    "DropboxStoragePolicies",
    "GoogleDriveStoragePolicies",
    "OneDriveStoragePolicies",
)


class BoxStoragePolicies(StorageGatewayPolicies):
    """
    The policies of a Box storage gateway.

    Args:
        enterpriseID: The enterprise.
        boxAppSettings: The application of the enterprise: ``clientID``, ``clientSecret``, ``appAuth``.
        client_id: The id of the application that you registered with the provider.
        secret: Its secret.
        user_api_rate_limit: Requests per second and user that the application may make.
        allow_any_account: Whether users may use accounts that do not match their username.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> BoxStoragePolicies(enterpriseID="12", boxAppSettings={"clientSecret": "do-not-print"})["boxAppSettings"]
        {'clientSecret': Secret('***')}

    **Differs from globus-sdk:** has the members of later versions, too.
    """

    DATATYPE_BASE: ClassVar[str] = "box_storage_policies"
    DATATYPE_VERSION_IMPLICATIONS: ClassVar[Mapping[str, tuple[int, int, int]]] = {
        "client_id": (1, 1, 0),
        "secret": (1, 1, 0),
        "user_api_rate_limit": (1, 1, 0),
        "allow_any_account": (1, 2, 0),
    }
    _checks: ClassVar[Mapping[str, Check]] = {
        "enterpriseID": text,
        "boxAppSettings": mapping,
        "client_id": text,
        "secret": text,
        "user_api_rate_limit": number,
        "allow_any_account": flag,
    }

    def __init__(
        self,
        *,
        enterpriseID: str | MissingType | None = MISSING,  # noqa: N803 -- the name of the service
        boxAppSettings: Mapping[str, object] | MissingType | None = MISSING,  # noqa: N803 -- the name of the service
        client_id: str | MissingType | None = MISSING,
        secret: str | Secret | MissingType | None = MISSING,
        user_api_rate_limit: int | MissingType | None = MISSING,
        allow_any_account: bool | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "enterpriseID": enterpriseID,
                "boxAppSettings": boxAppSettings,
                "client_id": client_id,
                "secret": secret,
                "user_api_rate_limit": user_api_rate_limit,
                "allow_any_account": allow_any_account,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class DropboxStoragePolicies(StorageGatewayPolicies):
    """
    The policies of a Dropbox storage gateway.

    Args:
        client_id: The id of the application that you registered with the provider.
        secret: Its secret.
        user_api_rate_limit: Requests per second and user that the application may make.
        allow_any_account: Whether users may use accounts that do not match their username.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> DropboxStoragePolicies(client_id="a", secret="do-not-print")["secret"]
        Secret('***')

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "dropbox_storage_policies"
    _checks: ClassVar[Mapping[str, Check]] = {
        "client_id": text,
        "secret": text,
        "user_api_rate_limit": number,
        "allow_any_account": flag,
    }

    def __init__(
        self,
        *,
        client_id: str | MissingType | None = MISSING,
        secret: str | Secret | MissingType | None = MISSING,
        user_api_rate_limit: int | MissingType | None = MISSING,
        allow_any_account: bool | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "client_id": client_id,
                "secret": secret,
                "user_api_rate_limit": user_api_rate_limit,
                "allow_any_account": allow_any_account,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class GoogleDriveStoragePolicies(StorageGatewayPolicies):
    """
    The policies of a Google Drive storage gateway.

    Args:
        client_id: The id of the application that you registered with the provider.
        secret: Its secret.
        user_api_rate_quota: The quota of requests of the application.
        allow_any_account: Whether users may use accounts that do not match their username.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> GoogleDriveStoragePolicies(client_id="a", user_api_rate_quota=5)["user_api_rate_quota"]
        5

    **Differs from globus-sdk:** has the members of later versions, too.
    """

    DATATYPE_BASE: ClassVar[str] = "google_drive_storage_policies"
    DATATYPE_VERSION_IMPLICATIONS: ClassVar[Mapping[str, tuple[int, int, int]]] = {
        "allow_any_account": (1, 1, 0),
    }
    _checks: ClassVar[Mapping[str, Check]] = {
        "client_id": text,
        "secret": text,
        "user_api_rate_quota": number,
        "allow_any_account": flag,
    }

    def __init__(
        self,
        *,
        client_id: str | MissingType | None = MISSING,
        secret: str | Secret | MissingType | None = MISSING,
        user_api_rate_quota: int | MissingType | None = MISSING,
        allow_any_account: bool | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "client_id": client_id,
                "secret": secret,
                "user_api_rate_quota": user_api_rate_quota,
                "allow_any_account": allow_any_account,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class OneDriveStoragePolicies(StorageGatewayPolicies):
    """
    The policies of a OneDrive storage gateway.

    Args:
        client_id: The id of the application that you registered with the provider.
        secret: Its secret.
        tenant: The tenant of the organization.
        user_api_rate_limit: Requests per second and user that the application may make.
        allow_any_account: Whether users may use accounts that do not match their username.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> OneDriveStoragePolicies(client_id="a", tenant="b")["tenant"]
        'b'

    **Differs from globus-sdk:** has the members of later versions, too.
    """

    DATATYPE_BASE: ClassVar[str] = "onedrive_storage_policies"
    DATATYPE_VERSION_IMPLICATIONS: ClassVar[Mapping[str, tuple[int, int, int]]] = {
        "allow_any_account": (1, 1, 0),
    }
    _checks: ClassVar[Mapping[str, Check]] = {
        "client_id": text,
        "secret": text,
        "tenant": text,
        "user_api_rate_limit": number,
        "allow_any_account": flag,
    }

    def __init__(
        self,
        *,
        client_id: str | MissingType | None = MISSING,
        secret: str | Secret | MissingType | None = MISSING,
        tenant: str | MissingType | None = MISSING,
        user_api_rate_limit: int | MissingType | None = MISSING,
        allow_any_account: bool | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "client_id": client_id,
                "secret": secret,
                "tenant": tenant,
                "user_api_rate_limit": user_api_rate_limit,
                "allow_any_account": allow_any_account,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )
