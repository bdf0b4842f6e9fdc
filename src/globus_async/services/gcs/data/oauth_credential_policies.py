"""The tokens of users for storage systems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from ...._http.missing import MISSING, MissingType
from .credential_policies import UserCredentialPolicies
from .document import (
    Check,
    mapping,
    mappings,
    number,
    text,
    text_items,
)

if TYPE_CHECKING:
    from ....secret import Secret
    from ..arguments import Texts

__all__ = (
    "AzureBlobUserCredentialPolicies",
    "BoxUserCredentialPolicies",
    "DropboxUserCredentialPolicies",
    "GoogleCloudStorageUserCredentialPolicies",
    "GoogleDriveUserCredentialPolicies",
    "OAuthUserCredentialPolicies",
    "OneDriveUserCredentialPolicies",
)


class OAuthUserCredentialPolicies(UserCredentialPolicies):
    """The tokens of a user for a storage system with a login of its own. Each connector has a class of its own."""

    _checks: ClassVar[Mapping[str, Check]] = {
        "access_token": text,
        "refresh_token": text,
        "token_expiry": text,
        "scopes": text_items,
        "email": text,
        "sub": text,
    }


class AzureBlobUserCredentialPolicies(OAuthUserCredentialPolicies):
    """
    The keys of a user for Azure Blob, for `UserCredentialDocument`.

    Args:
        access_token: The access token of the provider.
        refresh_token: Its refresh token.
        token_expiry: When the access token expires, ISO 8601.
        scopes: The scopes of the token, one or several.
        email: The e-mail address of the account.
        sub: The subject of the account.
        tid: The tenant.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> AzureBlobUserCredentialPolicies(refresh_token="do-not-print")["refresh_token"]
        Secret('***')

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "azure_blob_user_credential_policies"
    _checks: ClassVar[Mapping[str, Check]] = {"tid": text}

    def __init__(
        self,
        *,
        access_token: str | Secret | MissingType | None = MISSING,
        refresh_token: str | Secret | MissingType | None = MISSING,
        token_expiry: str | MissingType | None = MISSING,
        scopes: Texts | MissingType | None = MISSING,
        email: str | MissingType | None = MISSING,
        sub: str | MissingType | None = MISSING,
        tid: str | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "access_token": access_token,
                "refresh_token": refresh_token,
                "token_expiry": token_expiry,
                "scopes": scopes,
                "email": email,
                "sub": sub,
                "tid": tid,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class BoxUserCredentialPolicies(OAuthUserCredentialPolicies):
    """
    The keys of a user for Box, for `UserCredentialDocument`.

    Args:
        access_token: The access token of the provider.
        refresh_token: Its refresh token.
        token_expiry: When the access token expires, ISO 8601.
        scopes: The scopes of the token, one or several.
        email: The e-mail address of the account.
        sub: The subject of the account.
        max_upload: The largest file, in bytes.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> BoxUserCredentialPolicies(refresh_token="do-not-print")["refresh_token"]
        Secret('***')

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "box_user_credential_policies"
    DATATYPE_VERSION_IMPLICATIONS: ClassVar[Mapping[str, tuple[int, int, int]]] = {
        "access_token": (1, 1, 0),
        "refresh_token": (1, 1, 0),
        "token_expiry": (1, 1, 0),
        "scopes": (1, 1, 0),
        "email": (1, 1, 0),
        "sub": (1, 1, 0),
        "max_upload": (1, 1, 0),
    }
    _checks: ClassVar[Mapping[str, Check]] = {"max_upload": number}

    def __init__(
        self,
        *,
        access_token: str | Secret | MissingType | None = MISSING,
        refresh_token: str | Secret | MissingType | None = MISSING,
        token_expiry: str | MissingType | None = MISSING,
        scopes: Texts | MissingType | None = MISSING,
        email: str | MissingType | None = MISSING,
        sub: str | MissingType | None = MISSING,
        max_upload: int | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "access_token": access_token,
                "refresh_token": refresh_token,
                "token_expiry": token_expiry,
                "scopes": scopes,
                "email": email,
                "sub": sub,
                "max_upload": max_upload,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class DropboxUserCredentialPolicies(OAuthUserCredentialPolicies):
    """
    The keys of a user for Dropbox, for `UserCredentialDocument`.

    Args:
        access_token: The access token of the provider.
        refresh_token: Its refresh token.
        token_expiry: When the access token expires, ISO 8601.
        scopes: The scopes of the token, one or several.
        email: The e-mail address of the account.
        sub: The subject of the account.
        root_info: The root namespace of the account.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> DropboxUserCredentialPolicies(refresh_token="do-not-print")["refresh_token"]
        Secret('***')

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "dropbox_user_credential_policies"
    _checks: ClassVar[Mapping[str, Check]] = {"root_info": mapping}

    def __init__(
        self,
        *,
        access_token: str | Secret | MissingType | None = MISSING,
        refresh_token: str | Secret | MissingType | None = MISSING,
        token_expiry: str | MissingType | None = MISSING,
        scopes: Texts | MissingType | None = MISSING,
        email: str | MissingType | None = MISSING,
        sub: str | MissingType | None = MISSING,
        root_info: Mapping[str, object] | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "access_token": access_token,
                "refresh_token": refresh_token,
                "token_expiry": token_expiry,
                "scopes": scopes,
                "email": email,
                "sub": sub,
                "root_info": root_info,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class GoogleCloudStorageUserCredentialPolicies(OAuthUserCredentialPolicies):
    """
    The keys of a user for Google Cloud Storage, for `UserCredentialDocument`.

    Args:
        access_token: The access token of the provider.
        refresh_token: Its refresh token.
        token_expiry: When the access token expires, ISO 8601.
        scopes: The scopes of the token, one or several.
        email: The e-mail address of the account.
        sub: The subject of the account.
        projects: Projects of the account: documents with ``name`` and ``projectId``.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> GoogleCloudStorageUserCredentialPolicies(refresh_token="do-not-print")["refresh_token"]
        Secret('***')

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "google_cloud_storage_user_credential_policies"
    _checks: ClassVar[Mapping[str, Check]] = {"projects": mappings}

    def __init__(
        self,
        *,
        access_token: str | Secret | MissingType | None = MISSING,
        refresh_token: str | Secret | MissingType | None = MISSING,
        token_expiry: str | MissingType | None = MISSING,
        scopes: Texts | MissingType | None = MISSING,
        email: str | MissingType | None = MISSING,
        sub: str | MissingType | None = MISSING,
        projects: Mapping[str, object] | Iterable[Mapping[str, object]] | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "access_token": access_token,
                "refresh_token": refresh_token,
                "token_expiry": token_expiry,
                "scopes": scopes,
                "email": email,
                "sub": sub,
                "projects": projects,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class GoogleDriveUserCredentialPolicies(OAuthUserCredentialPolicies):
    """
    The keys of a user for Google Drive, for `UserCredentialDocument`.

    Args:
        access_token: The access token of the provider.
        refresh_token: Its refresh token.
        token_expiry: When the access token expires, ISO 8601.
        scopes: The scopes of the token, one or several.
        email: The e-mail address of the account.
        sub: The subject of the account.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> GoogleDriveUserCredentialPolicies(refresh_token="do-not-print")["refresh_token"]
        Secret('***')

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "google_drive_user_credential_policies"

    def __init__(
        self,
        *,
        access_token: str | Secret | MissingType | None = MISSING,
        refresh_token: str | Secret | MissingType | None = MISSING,
        token_expiry: str | MissingType | None = MISSING,
        scopes: Texts | MissingType | None = MISSING,
        email: str | MissingType | None = MISSING,
        sub: str | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "access_token": access_token,
                "refresh_token": refresh_token,
                "token_expiry": token_expiry,
                "scopes": scopes,
                "email": email,
                "sub": sub,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class OneDriveUserCredentialPolicies(OAuthUserCredentialPolicies):
    """
    The keys of a user for OneDrive, for `UserCredentialDocument`.

    Args:
        access_token: The access token of the provider.
        refresh_token: Its refresh token.
        token_expiry: When the access token expires, ISO 8601.
        scopes: The scopes of the token, one or several.
        email: The e-mail address of the account.
        sub: The subject of the account.
        tid: The tenant.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> OneDriveUserCredentialPolicies(refresh_token="do-not-print")["refresh_token"]
        Secret('***')

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "onedrive_user_credential_policies"
    _checks: ClassVar[Mapping[str, Check]] = {"tid": text}

    def __init__(
        self,
        *,
        access_token: str | Secret | MissingType | None = MISSING,
        refresh_token: str | Secret | MissingType | None = MISSING,
        token_expiry: str | MissingType | None = MISSING,
        scopes: Texts | MissingType | None = MISSING,
        email: str | MissingType | None = MISSING,
        sub: str | MissingType | None = MISSING,
        tid: str | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "access_token": access_token,
                "refresh_token": refresh_token,
                "token_expiry": token_expiry,
                "scopes": scopes,
                "email": email,
                "sub": sub,
                "tid": tid,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )
