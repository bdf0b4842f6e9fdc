"""The endpoint, its nodes and domains, to be changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal
from uuid import UUID

from ...._http.missing import MISSING, MissingType
from ..arguments import Texts, subscription_text
from .document import (
    Check,
    GCSDocument,
    flag,
    mappings,
    number,
    one_of,
    port_range,
    text,
    text_items,
)

if TYPE_CHECKING:
    from ....secret import Secret

__all__ = (
    "DomainData",
    "EndpointDocument",
    "NodeData",
)


def _subscription(name: str, value: UUID | str) -> str | None:  # noqa: ARG001 -- the form of all checks
    return subscription_text(value)


class EndpointDocument(GCSDocument):
    """
    The endpoint, for `GCSClient.update_endpoint` and `GCSClient.replace_endpoint`.

    Args:
        display_name: The name.
        public: Whether all users can see it.
        subscription_id: The subscription, a UUID; ``"DEFAULT"`` for your only one; ``None`` for none.
        contact_email: The e-mail address of its support.
        contact_info: Other ways to reach its support.
        department: The department that operates it.
        description: A description.
        info_link: The address of a page about it.
        keywords: Words to find it by, one or several.
        organization: The organization that operates it.
        allow_udt: Whether transfers may use the protocol UDT.
        gridftp_control_channel_port: The port of the control channel. By default 443.
        network_use: How much of the network transfers use.
        max_concurrency: The most files at a time; with ``custom`` only.
        preferred_concurrency: The usual number of files at a time; with ``custom`` only.
        max_parallelism: The most connections per file; with ``custom`` only.
        preferred_parallelism: The usual number of connections per file; with ``custom`` only.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> EndpointDocument(display_name="Laboratory", gridftp_control_channel_port=2811)["DATA_TYPE"]
        'endpoint#1.1.0'

    **Differs from globus-sdk:** single texts are lists of one; wrong types are refused.
    """

    DATATYPE_BASE: ClassVar[str] = "endpoint"
    DATATYPE_VERSION_IMPLICATIONS: ClassVar[Mapping[str, tuple[int, int, int]]] = {
        "gridftp_control_channel_port": (1, 1, 0),
    }
    _checks: ClassVar[Mapping[str, Check]] = {
        "display_name": text,
        "public": flag,
        "subscription_id": _subscription,
        "contact_email": text,
        "contact_info": text,
        "department": text,
        "description": text,
        "info_link": text,
        "keywords": text_items,
        "organization": text,
        "allow_udt": flag,
        "gridftp_control_channel_port": number,
        "network_use": one_of("normal", "minimal", "aggressive", "custom"),
        "max_concurrency": number,
        "preferred_concurrency": number,
        "max_parallelism": number,
        "preferred_parallelism": number,
    }

    def __init__(
        self,
        *,
        display_name: str | MissingType | None = MISSING,
        public: bool | MissingType | None = MISSING,
        subscription_id: UUID | str | MissingType | None = MISSING,
        contact_email: str | MissingType | None = MISSING,
        contact_info: str | MissingType | None = MISSING,
        department: str | MissingType | None = MISSING,
        description: str | MissingType | None = MISSING,
        info_link: str | MissingType | None = MISSING,
        keywords: Texts | MissingType | None = MISSING,
        organization: str | MissingType | None = MISSING,
        allow_udt: bool | MissingType | None = MISSING,
        gridftp_control_channel_port: int | MissingType | None = MISSING,
        network_use: Literal["normal", "minimal", "aggressive", "custom"] | MissingType | None = MISSING,
        max_concurrency: int | MissingType | None = MISSING,
        preferred_concurrency: int | MissingType | None = MISSING,
        max_parallelism: int | MissingType | None = MISSING,
        preferred_parallelism: int | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "display_name": display_name,
                "public": public,
                "subscription_id": subscription_id,
                "contact_email": contact_email,
                "contact_info": contact_info,
                "department": department,
                "description": description,
                "info_link": info_link,
                "keywords": keywords,
                "organization": organization,
                "allow_udt": allow_udt,
                "gridftp_control_channel_port": gridftp_control_channel_port,
                "network_use": network_use,
                "max_concurrency": max_concurrency,
                "preferred_concurrency": preferred_concurrency,
                "max_parallelism": max_parallelism,
                "preferred_parallelism": preferred_parallelism,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class NodeData(GCSDocument):
    """
    A data transfer node, for `GCSClient.create_node`, `GCSClient.update_node` and `GCSClient.replace_node`.

    Args:
        ip_addresses: Its addresses, one or several.
        status: Whether it takes requests.
        incoming_port_range: The lowest and highest port for incoming data.
        outgoing_port_range: The lowest and highest port for outgoing data.
        data_interface: The IPv4 address for data.
        data_interface6: The IPv6 address for data.
        internal_stream_port_range: The lowest and highest port for streams between nodes.
        lan_addresses: Its addresses in local networks: one or several documents with ``address`` and ``network_name``.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> NodeData(ip_addresses="192.0.2.7", data_interface="192.0.2.8")["DATA_TYPE"]
        'node#1.1.0'

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "node"
    DATATYPE_VERSION_IMPLICATIONS: ClassVar[Mapping[str, tuple[int, int, int]]] = {
        "data_interface": (1, 1, 0),
        "data_interface6": (1, 2, 0),
        "internal_stream_port_range": (1, 3, 0),
        "lan_addresses": (1, 3, 0),
    }
    _checks: ClassVar[Mapping[str, Check]] = {
        "ip_addresses": text_items,
        "status": one_of("active", "inactive"),
        "incoming_port_range": port_range,
        "outgoing_port_range": port_range,
        "data_interface": text,
        "data_interface6": text,
        "internal_stream_port_range": port_range,
        "lan_addresses": mappings,
    }

    def __init__(
        self,
        *,
        ip_addresses: Texts | MissingType | None = MISSING,
        status: Literal["active", "inactive"] | MissingType | None = MISSING,
        incoming_port_range: Sequence[int] | MissingType | None = MISSING,
        outgoing_port_range: Sequence[int] | MissingType | None = MISSING,
        data_interface: str | MissingType | None = MISSING,
        data_interface6: str | MissingType | None = MISSING,
        internal_stream_port_range: Sequence[int] | MissingType | None = MISSING,
        lan_addresses: Mapping[str, object] | Iterable[Mapping[str, object]] | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "ip_addresses": ip_addresses,
                "status": status,
                "incoming_port_range": incoming_port_range,
                "outgoing_port_range": outgoing_port_range,
                "data_interface": data_interface,
                "data_interface6": data_interface6,
                "internal_stream_port_range": internal_stream_port_range,
                "lan_addresses": lan_addresses,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )


class DomainData(GCSDocument):
    """
    A custom domain, for `GCSClient.set_endpoint_domain` and `GCSClient.set_collection_domain`.

    Args:
        domain_name: The domain; required.
        wildcard: Whether its subdomains are used, too; required.
        certificate: The certificate, PEM.
        certificate_chain: The certificates between it and the root, PEM.
        private_key: The key of the certificate, PEM.
        certificate_path: The file of the certificate on each node, instead of its text.
        certificate_chain_path: The file of the chain on each node.
        private_key_path: The file of the key on each node.
        data_type: The ``DATA_TYPE``, if it should be another one than the lowest version with these members.
        additional_fields: Further members; they take precedence, and count for the version.

    Raises:
        GlobusSDKUsageError: A member has a wrong type.

    Example:
        >>> DomainData(domain_name="data.example.org", private_key="do-not-print")["private_key"]
        Secret('***')

    **Differs from globus-sdk:** is new.
    """

    DATATYPE_BASE: ClassVar[str] = "domain"
    _checks: ClassVar[Mapping[str, Check]] = {
        "domain_name": text,
        "wildcard": flag,
        "certificate": text,
        "certificate_chain": text,
        "private_key": text,
        "certificate_path": text,
        "certificate_chain_path": text,
        "private_key_path": text,
    }

    def __init__(
        self,
        *,
        domain_name: str | MissingType | None = MISSING,
        wildcard: bool | MissingType | None = MISSING,
        certificate: str | MissingType | None = MISSING,
        certificate_chain: str | MissingType | None = MISSING,
        private_key: str | Secret | MissingType | None = MISSING,
        certificate_path: str | MissingType | None = MISSING,
        certificate_chain_path: str | MissingType | None = MISSING,
        private_key_path: str | MissingType | None = MISSING,
        data_type: str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = None,
    ) -> None:
        super().__init__(
            {
                "domain_name": domain_name,
                "wildcard": wildcard,
                "certificate": certificate,
                "certificate_chain": certificate_chain,
                "private_key": private_key,
                "certificate_path": certificate_path,
                "certificate_chain_path": certificate_chain_path,
                "private_key_path": private_key_path,
            },
            data_type=data_type,
            additional_fields=additional_fields,
        )
