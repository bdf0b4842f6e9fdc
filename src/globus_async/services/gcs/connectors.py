"""The storage connectors of Globus Connect Server, by name and id."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from keyword import iskeyword
from typing import ClassVar, Final
from uuid import UUID

from ..._http.path import uuid_text
from ...errors import GlobusSDKUsageError
from ...errors.arguments import check_text, check_type

__all__ = ("ConnectorTable", "GlobusConnectServerConnector")

_SEPARATORS: Final = re.compile(r"[-_ ]+")


@dataclass(frozen=True)
class GlobusConnectServerConnector:
    """
    A connector: the software through which an endpoint uses one kind of storage.

    Attributes:
        name: Its name.
        connector_id: Its id. UUID.

    Raises:
        GlobusSDKUsageError: An attribute is not text.

    **Differs from globus-sdk:** cannot be changed, so that a connector of the table stays what it is.
    """

    name: str
    connector_id: str

    def __post_init__(self) -> None:
        check_text("name", self.name)
        check_text("connector_id", self.connector_id)


class ConnectorTable:
    """
    The known connectors, as attributes.

    Example:
        >>> ConnectorTable.POSIX
        GlobusConnectServerConnector(name='POSIX', connector_id='145812c8-decc-41f1-83cf-bb2a85a2a70b')
        >>> ConnectorTable.lookup("google_drive").name
        'Google Drive'
    """

    ACTIVESCALE: ClassVar = GlobusConnectServerConnector("ActiveScale", "7251f6c8-93c9-11eb-95ba-12704e0d6a4d")
    AZURE_BLOB: ClassVar = GlobusConnectServerConnector("Azure Blob", "9436da0c-a444-11eb-af93-12704e0d6a4d")
    BLACKPEARL: ClassVar = GlobusConnectServerConnector("BlackPearl", "7e3f3f5e-350c-4717-891a-2f451c24b0d4")
    BOX: ClassVar = GlobusConnectServerConnector("Box", "7c100eae-40fe-11e9-95a3-9cb6d0d9fd63")
    CEPH: ClassVar = GlobusConnectServerConnector("Ceph", "1b6374b0-f6a4-4cf7-a26f-f262d9c6ca72")
    DROPBOX: ClassVar = GlobusConnectServerConnector("Dropbox", "49b00fd6-63f1-48ae-b27f-d8af4589f876")
    GOOGLE_CLOUD_STORAGE: ClassVar = GlobusConnectServerConnector(
        "Google Cloud Storage", "56366b96-ac98-11e9-abac-9cb6d0d9fd63"
    )
    GOOGLE_DRIVE: ClassVar = GlobusConnectServerConnector("Google Drive", "976cf0cf-78c3-4aab-82d2-7c16adbcc281")
    HPSS: ClassVar = GlobusConnectServerConnector("HPSS", "fb656a17-0f69-4e59-95ff-d0a62ca7bdf5")
    IRODS: ClassVar = GlobusConnectServerConnector("iRODS", "e47b6920-ff57-11ea-8aaa-000c297ab3c2")
    ONEDRIVE: ClassVar = GlobusConnectServerConnector("OneDrive", "28ef55da-1f97-11eb-bdfd-12704e0d6a4d")
    POSIX: ClassVar = GlobusConnectServerConnector("POSIX", "145812c8-decc-41f1-83cf-bb2a85a2a70b")
    POSIX_STAGING: ClassVar = GlobusConnectServerConnector("POSIX Staging", "052be037-7dda-4d20-b163-3077314dc3e6")
    S3: ClassVar = GlobusConnectServerConnector("S3", "7643e831-5f6c-4b47-a07f-8ee90f401d23")

    @classmethod
    def all_connectors(cls) -> Iterator[GlobusConnectServerConnector]:
        """
        Yield all connectors of the table, those of an extension last.

        Example:
            >>> [connector.name for connector in ConnectorTable.all_connectors()][:2]
            ['ActiveScale', 'Azure Blob']
        """
        attributes = {name: value for table in reversed(cls.__mro__) for name, value in vars(table).items()}
        yield from (each for each in attributes.values() if isinstance(each, GlobusConnectServerConnector))

    @classmethod
    def lookup(cls, name_or_id: UUID | str) -> GlobusConnectServerConnector | None:
        """
        Return a connector, or ``None`` if the table has none of that name or id.

        Args:
            name_or_id: The name, in any case, and with blanks, dashes or underscores between its words; or the id.

        Example:
            >>> ConnectorTable.lookup("145812c8-decc-41f1-83cf-bb2a85a2a70b").name
            'POSIX'
        """
        check_type("name_or_id", name_or_id, str | UUID, "text, or a UUID")
        wanted = _normalized(str(name_or_id))
        connectors = cls.all_connectors()
        return next((each for each in connectors if wanted in {each.connector_id, _normalized(each.name)}), None)

    @classmethod
    def extend(
        cls, *, connector_name: str, connector_id: UUID | str, attribute_name: str | None = None
    ) -> type[ConnectorTable]:
        """
        Return a table with one more connector.

        Args:
            connector_name: Its name.
            connector_id: Its id. UUID.
            attribute_name: The attribute of the new table; by default the name in capitals, with underscores.

        Raises:
            GlobusSDKUsageError: The id is no UUID, or the attribute cannot be the name of one.

        Example:
            >>> table = ConnectorTable.extend(
            ...     connector_name="Tape Robot", connector_id="0b19772d-729a-4c8f-93e1-59d5778cecf3"
            ... )
            >>> table.TAPE_ROBOT.connector_id == table.lookup("tape-robot").connector_id
            True

        **Differs from globus-sdk:** the id must be a UUID, and the attribute a name that Python takes.
        """
        check_text("connector_name", connector_name)
        check_text("attribute_name", attribute_name, optional=True)
        attribute = connector_name.upper().replace(" ", "_") if attribute_name is None else attribute_name
        taken = getattr(cls, attribute, None)
        is_other = taken is not None and not isinstance(taken, GlobusConnectServerConnector)
        if not attribute.isidentifier() or iskeyword(attribute) or attribute.startswith("_") or is_other:
            raise GlobusSDKUsageError(f"attribute_name must be a name of an attribute; got {attribute!r:.40}")
        connector = GlobusConnectServerConnector(connector_name, uuid_text("connector_id", connector_id).lower())
        return type("ExtendedConnectorTable", (cls,), {attribute: connector, "__doc__": cls.__doc__})


def _normalized(name: str) -> str:
    return _SEPARATORS.sub("-", name.strip()).lower()
