"""The credentials of users, to create or change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

from ...._http.missing import MISSING, MissingType
from .document import (
    Check,
    GCSDocument,
    mapping,
    text,
    uuid,
)

__all__ = ("UserCredentialDocument",)


class UserCredentialDocument(GCSDocument):
    """
    The account of a user on a storage system, for `GCSClient.create_user_credential` and others.

    Args:
        identity_id: The identity. UUID.
        connector_id: The connector, such as ``ConnectorTable.S3.connector_id``. UUID.
        username: The name of the account.
        display_name: A name for the credential.
        storage_gateway_id: The storage gateway. UUID.
        policies: The keys, such as `S3UserCredentialPolicies`.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> credential = UserCredentialDocument(username="ada", policies={"s3_secret_key": "do-not-print"})
        >>> credential["policies"]
        {'s3_secret_key': Secret('***')}

    **Differs from globus-sdk:** confidential members become a `Secret`; wrong types are refused; arguments are taken by
    name only, `DATA_TYPE` as `data_type`.
    """

    DATATYPE_BASE: ClassVar[str] = "user_credential"
    _checks: ClassVar[Mapping[str, Check]] = {
        "identity_id": uuid,
        "connector_id": uuid,
        "username": text,
        "display_name": text,
        "storage_gateway_id": uuid,
        "policies": mapping,
    }

    def __init__(
        self,
        *,
        identity_id: UUID | str | MissingType | None = MISSING,
        connector_id: UUID | str | MissingType | None = MISSING,
        username: str | MissingType | None = MISSING,
        display_name: str | MissingType | None = MISSING,
        storage_gateway_id: UUID | str | MissingType | None = MISSING,
        policies: Mapping[str, object] | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "identity_id": identity_id,
                "connector_id": connector_id,
                "username": username,
                "display_name": display_name,
                "storage_gateway_id": storage_gateway_id,
                "policies": policies,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )
