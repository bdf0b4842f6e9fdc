"""The schemas of documents that clients send: the members of each version, and the check of a document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ..kit.fields import BOOLEAN, OBJECT, TEXT, UUID, FieldType, choice, integer, list_of
from .errors import GCSError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ..kit.service import Document

__all__ = (
    "COLLECTION",
    "CREDENTIAL",
    "DIRECTION",
    "DOMAIN",
    "DOMAIN_DOCUMENT",
    "ENDPOINT",
    "GATEWAY",
    "LAN_SECRET",
    "LINE",
    "METHODS",
    "NETWORK_USE",
    "NODE",
    "PATH",
    "PORT_RANGE",
    "ROLE",
    "SHARING_POLICY",
    "STREAM_GATEWAY",
    "TEXTS",
    "Member",
    "Schema",
    "check_network_use",
    "members",
    "version_of",
)


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a document."""

    type: FieldType[Any]
    since: str = "1.0.0"
    """The first version that has it."""
    nullable: bool = True
    kinds: frozenset[str] = frozenset()
    """The values of ``collection_type`` whose documents have it; all by default."""


def members(*names: str, type: FieldType[Any] = TEXT, since: str = "1.0.0", nullable: bool = True) -> dict[str, Member]:
    """Return members of one type."""
    return dict.fromkeys(names, Member(type, since, nullable))


def version_of(text: str) -> tuple[int, ...]:
    """Return the numbers of a version."""
    return tuple(int(part) for part in text.split("."))


@dataclass(frozen=True, slots=True)
class Schema:
    """The schema of a kind of document."""

    name: str
    """Its ``DATA_TYPE`` before the ``#``."""
    versions: tuple[str, ...]
    members: Mapping[str, Member]
    required: tuple[str, ...] = ()
    """The members of a whole document."""
    read_only: Mapping[str, str] = field(default_factory=dict[str, str])
    """
    Members that the service sets, each with its first version: a document that was read may be sent back with them, and
    they are ignored.
    """

    lengths: Mapping[str, tuple[int, str]] = field(default_factory=dict[str, tuple[int, str]])
    """The greatest lengths of texts before a version."""

    @property
    def newest(self) -> str:
        """The ``DATA_TYPE`` of the newest version."""
        return f"{self.name}#{self.versions[-1]}"

    def check(self, document: Mapping[str, Any], *, whole: bool = True, kind: str = "") -> Document:
        """
        Return the members that a document sets.

        Args:
            document: The document.
            whole: Whether its required members must be there; a part of a document for PATCH needs none.
            kind: The ``collection_type``, for members that only one has.

        Raises:
            GCSError: 422, it does not fit the schema of its version.
        """
        version = self._version(document.get("DATA_TYPE"))
        errors: list[str] = []
        found: Document = {}
        for name, value in document.items():
            if name == "DATA_TYPE" or version >= version_of(self.read_only.get(name, "999.0.0")):
                continue
            member = self.members.get(name)
            if member is None or version < version_of(member.since) or (member.kinds and kind not in member.kinds):
                of_kind = f" of a {kind} collection" if kind else ""
                errors.append(f"{document['DATA_TYPE']}{of_kind} has no property '{name}'")
            elif value is None and member.nullable:
                found[name] = None
            else:
                try:
                    found[name] = member.type.convert(value)
                except ValueError:
                    errors.append(f"'{name}': {member.type.name} is required")
            length, since = self.lengths.get(name, (0, "0.0.0"))
            if version < version_of(since) and len(str(value)) > length:
                errors.append(f"'{name}' has more than {length} characters, which {self.name}#{since} allows")
        if whole:
            errors += [f"'{name}' is a required property" for name in self.required if name not in document]
        if errors:
            raise GCSError.invalid(errors)
        return found

    def _version(self, data_type: object) -> tuple[int, ...]:
        if data_type is None:
            raise GCSError.invalid(["'DATA_TYPE' is a required property"])
        name, _, version = data_type.partition("#") if isinstance(data_type, str) else ("", "", "")
        if name != self.name or version not in self.versions:
            expected = ", ".join(f"{self.name}#{each}" for each in self.versions)
            raise GCSError.invalid([f"'DATA_TYPE': one of {expected} is required"])
        return version_of(version)

    def shown(self, fields: Mapping[str, Any], *, without: Collection[str] = ()) -> Document:
        """Return the members of a document of the newest version, and its ``DATA_TYPE``."""
        present = {name: value for name, value in fields.items() if name not in without}
        return {"DATA_TYPE": self.newest, **present}


def check_network_use(fields: Mapping[str, Any]) -> None:
    """
    Check the members for the use of the network of an endpoint or storage gateway.

    Raises:
        GCSError: 422, there is no value of a custom use.
    """
    if fields.get("network_use") == "custom":
        missing = [f"'{name}' is required for custom use" for name in _CUSTOM_USE if fields.get(name) is None]
        if missing:
            raise GCSError.invalid(missing)


_CUSTOM_USE: Final = ("max_concurrency", "preferred_concurrency", "max_parallelism", "preferred_parallelism")


def _path(value: object) -> str:
    if not isinstance(value, str) or not value.startswith("/") or "\0" in value or ".." in value.split("/"):
        raise ValueError(value)
    value.encode()  # no unpaired surrogates: also a ValueError
    return value


def _line(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or any(not char.isprintable() for char in value):
        raise ValueError(value)
    return value


PATH: Final = FieldType("an absolute path without '..'", _path, "absolute paths without '..'")
LINE: Final = FieldType("a text of one line that is not empty", _line, "texts of one line that are not empty")
TEXTS: Final = list_of(TEXT)
_POSITIVE: Final = integer(minimum=1)


def _restrictions(value: object) -> Document:
    document = OBJECT.convert(value)
    if document.get("DATA_TYPE", "path_restrictions#1.0.0") != "path_restrictions#1.0.0":
        raise ValueError(value)
    for name, paths in document.items():
        if name != "DATA_TYPE":
            if name not in {"none", "read", "read_write"}:
                raise ValueError(value)
            TEXTS.convert(paths)  # which may be patterns
    return document


_RESTRICTIONS: Final = FieldType("a path_restrictions#1.0.0 document", _restrictions)


def _domain(value: object) -> str:
    text = _line(value).lower()
    label = text.partition(".")[0]
    # the prefixes of the hosts of mapped and guest collections
    if label.startswith(("m-", "g-")) or any(
        not part or not part.replace("-", "").isalnum() for part in text.split(".")
    ):
        raise ValueError(value)
    return text


DOMAIN: Final = FieldType("a host name whose first label does not begin with 'm-' or 'g-'", _domain)
DIRECTION: Final = choice("inbound", "outbound", "all")
NETWORK_USE: Final = choice("normal", "minimal", "aggressive", "custom")
METHODS: Final = list_of(choice("GET", "PUT", "DELETE"))
_MAPPED: Final = frozenset({"mapped"})
_GUEST: Final = frozenset({"guest"})
_CONTACT: Final = ("contact_email", "contact_info", "department", "description", "info_link", "organization")


def _message(value: object) -> str:
    text = TEXT.convert(value)
    if len(text) > 256:
        raise ValueError(value)
    return text


COLLECTION: Final = Schema(
    "collection",
    tuple(f"1.{minor}.0" for minor in range(17)),
    {
        **members(*_CONTACT, "default_directory"),
        **members("display_name", type=LINE, nullable=False),
        **members("collection_base_path", type=PATH, nullable=False),
        **members("collection_type", type=choice("mapped", "guest"), nullable=False),
        **members("public", type=BOOLEAN, nullable=False),
        **members("disable_verify", "force_encryption", type=BOOLEAN),
        **members("identity_id", type=UUID, nullable=False),
        **members("keywords", type=TEXTS),
        "allow_guest_collections": Member(BOOLEAN, kinds=_MAPPED),
        "domain_name": Member(DOMAIN, kinds=_MAPPED),
        "policies": Member(OBJECT, kinds=_MAPPED),
        "sharing_restrict_paths": Member(_RESTRICTIONS, kinds=_MAPPED),
        "storage_gateway_id": Member(UUID, nullable=False),
        "mapped_collection_id": Member(UUID, kinds=_GUEST, nullable=False),
        "user_credential_id": Member(UUID, kinds=_GUEST, nullable=False),
        **members("enable_https", type=BOOLEAN, since="1.1.0"),
        **members("user_message", type=FieldType("a text of at most 256 characters", _message), since="1.1.0"),
        **members("user_message_link", since="1.1.0"),
        "sharing_users_allow": Member(TEXTS, "1.2.0", kinds=_MAPPED),
        "sharing_users_deny": Member(TEXTS, "1.2.0", kinds=_MAPPED),
        **members("force_verify", type=BOOLEAN, since="1.4.0"),
        "disable_anonymous_writes": Member(BOOLEAN, "1.5.0", kinds=_MAPPED),
        "guest_auth_policy_id": Member(UUID, "1.6.0", kinds=_MAPPED),
        "delete_protected": Member(BOOLEAN, "1.8.0", kinds=_MAPPED),
        **members("acl_expiration_mins", type=_POSITIVE, since="1.10.0"),
        **members("restrict_transfers_to_high_assurance", type=DIRECTION, since="1.12.0"),
        "auto_delete_timeout": Member(_POSITIVE, "1.13.0", kinds=_MAPPED),
        "skip_auto_delete": Member(BOOLEAN, "1.13.0", kinds=_GUEST),
        "activity_notification_policy": Member(OBJECT, "1.14.0", kinds=_GUEST),
        **members("associated_flow_policy", type=OBJECT, since="1.15.0"),
        **members("https_methods", type=METHODS, since="1.16.0"),
        **members("preserve_modtime", type=DIRECTION, since="1.16.0"),
    },
    ("collection_type", "collection_base_path", "display_name"),
    {
        **dict.fromkeys(
            (
                *("id", "manager_url", "https_url", "tlsftp_url", "high_assurance", "connector_id", "root_path"),
                *("authentication_timeout_mins", "deleted", "require_high_assurance"),
                "authentication_assurance_timeout",
            ),
            "1.0.0",
        ),
        "domain": "1.3.0",
        "require_mfa": "1.4.0",
        "created_at": "1.9.0",
        "last_access": "1.9.0",
        "subscription_admin_verified": "1.14.0",
    },
    {"user_message": (64, "1.7.0")},
)
GATEWAY: Final = Schema(
    "storage_gateway",
    ("1.0.0", "1.1.0", "1.2.0", "1.3.0"),
    {
        **members("display_name", type=LINE, nullable=False),
        **members("connector_id", type=UUID, nullable=False),
        **members("allowed_domains", "users_allow", "users_deny", type=TEXTS),
        **members("process_user", "load_dsi_module"),
        **members("authentication_timeout_mins", "authentication_assurance_timeout", type=_POSITIVE),
        **members("high_assurance", "require_high_assurance", type=BOOLEAN),
        **members("identity_mappings", type=list_of(OBJECT)),
        **members("policies", type=OBJECT),
        **members("restrict_paths", type=_RESTRICTIONS),
        **members("require_mfa", type=BOOLEAN, since="1.1.0"),
        **members("admin_managed_credentials", type=BOOLEAN, since="1.2.0"),
        **members("network_use", type=NETWORK_USE, since="1.3.0"),
        **members(*_CUSTOM_USE, type=_POSITIVE, since="1.3.0"),
    },
    ("display_name", "connector_id"),
    {"id": "1.0.0", "deleted": "1.0.0"},
)
ENDPOINT: Final = Schema(
    "endpoint",
    ("1.0.0", "1.1.0", "1.2.0"),
    {
        **members(*_CONTACT),
        **members("display_name", type=LINE, nullable=False),
        **members("public", type=BOOLEAN, nullable=False),
        **members("network_use", type=NETWORK_USE, nullable=False),
        **members("allow_udt", type=BOOLEAN),
        **members("keywords", type=TEXTS),
        **members("subscription_id"),
        **members(*_CUSTOM_USE, type=_POSITIVE),
        **members("gridftp_control_channel_port", type=integer(minimum=1, maximum=65_535), since="1.1.0"),
    },
    ("display_name", "public", "network_use"),
    {"id": "1.0.0", "gcs_manager_url": "1.0.0", "earliest_last_access": "1.2.0"},
)
ROLE: Final = Schema(
    "role",
    ("1.0.0",),
    {
        **members("principal", nullable=False),
        **members("collection", type=UUID),
        **members(
            "role",
            type=choice(
                *("administrator", "access_manager", "access_monitor", "activity_manager", "activity_monitor"),
            ),
            nullable=False,
        ),
    },
    ("principal", "role"),
    {"id": "1.0.0"},
)
CREDENTIAL: Final = Schema(
    "user_credential",
    ("1.0.0",),
    {
        **members("identity_id", "connector_id", "storage_gateway_id", type=UUID, nullable=False),
        **members("username", "display_name"),
        **members("policies", type=OBJECT),
    },
    ("storage_gateway_id",),
    dict.fromkeys(("id", "invalid", "provisioned", "deleted", "home_directory"), "1.0.0"),
)
SHARING_POLICY: Final = Schema(
    "sharing_policy",
    ("1.0.0",),
    {
        **members("collection_id", type=UUID, nullable=False),
        **members("sharing_restrict_paths", type=_RESTRICTIONS, nullable=False),
        **members("users", type=TEXTS),
    },
    ("collection_id", "sharing_restrict_paths"),
    {"id": "1.0.0"},
)
PORT_RANGE: Final = list_of(integer(minimum=1, maximum=65_535))


def _address(value: object) -> Document:
    document = OBJECT.convert(value)
    TEXT.convert(document.get("address"))
    if not {*document} <= {"address", "network_name"} or not isinstance(document.get("network_name", ""), str | None):
        raise ValueError(value)
    return document


_ADDRESSES: Final = list_of(FieldType("an address with the name of its network", _address, "addresses with networks"))
NODE: Final = Schema(
    "node",
    ("1.0.0", "1.1.0", "1.2.0", "1.3.0"),
    {
        **members("ip_addresses", type=TEXTS, nullable=False),
        **members("status", type=choice("active", "inactive"), nullable=False),
        **members("incoming_port_range", "outgoing_port_range", type=PORT_RANGE),
        **members("data_interface", since="1.1.0"),
        **members("data_interface6", since="1.2.0"),
        **members("internal_stream_port_range", type=PORT_RANGE, since="1.3.0"),
        **members("lan_addresses", type=_ADDRESSES, since="1.3.0"),
    },
    ("ip_addresses", "status"),
    {"id": "1.0.0"},
)
STREAM_GATEWAY: Final = Schema(
    "stream_gateway",
    ("1.0.0", "1.1.0"),
    {
        **members(*_CONTACT, "lan_name"),
        **members("run_as_local_user", type=BOOLEAN, since="1.1.0"),
        **members("display_name", type=LINE, nullable=False),
        **members("allowed_domains", "keywords", "users_allow", "users_deny", type=TEXTS),
        **members("authentication_timeout_mins", type=_POSITIVE),
        **members("identity_mappings", type=list_of(OBJECT)),
        **members("lan_secret_required", type=BOOLEAN),
    },
    ("display_name",),
    dict.fromkeys(("id", "deleted", "domain_name", "tlsftp_url"), "1.0.0"),
)
LAN_SECRET: Final = Schema(
    "lan_secret_create",
    ("1.0.0",),
    {
        **members("stream_access_point_id", "tunnel_id", type=UUID, nullable=False),
        **members("expires_in_mins", type=_POSITIVE, nullable=False),
        **members("identity_id", type=UUID, nullable=False),
        **members("username", nullable=False),
    },
    ("stream_access_point_id", "tunnel_id"),
)
DOMAIN_DOCUMENT: Final = Schema(
    "domain",
    ("1.0.0",),
    {
        **members("domain_name", type=DOMAIN, nullable=False),
        **members("wildcard", type=BOOLEAN, nullable=False),
        **members("certificate", "certificate_chain", "private_key"),
        **members("certificate_path", "certificate_chain_path", "private_key_path"),
    },
    ("domain_name", "wildcard"),
)
