"""The services, scopes, clients and identity providers that exist before anybody registers something."""

from __future__ import annotations

from typing import Final, NamedTuple
from uuid import UUID, uuid5

__all__ = (
    "CLIENT_DOMAIN",
    "CLI_TEMPLATES",
    "DESCRIPTIONS",
    "PROVIDERS",
    "SCOPES_AT",
    "SERVICES",
    "KnownProvider",
    "KnownService",
    "named_id",
)

SCOPES_AT: Final = "https://auth.globus.org/scopes/"
CLIENT_DOMAIN: Final = "clients.auth.globus.org"
_NAMESPACE: Final = UUID("5a1c7e0e-7d0c-5b0e-9a53-6d2f7f3c9b10")


def named_id(*names: str) -> str:
    """Return the UUID that these names always get, so that two runs can be compared."""
    return str(uuid5(_NAMESPACE, "\n".join(names)))


class KnownProvider(NamedTuple):
    """An identity provider of Globus itself."""

    id: str
    name: str
    short_name: str
    domain: str


PROVIDERS: Final = (
    KnownProvider("41143743-f3c8-4d60-bbdb-eeecaba85bd9", "Globus ID", "globusid", "globusid.org"),
    KnownProvider("927d7238-f917-4eb2-9ace-c523fa9ba34e", "Globus Staff", "globus.org", "globus.org"),
    KnownProvider(named_id("provider", CLIENT_DOMAIN), "Globus Auth Clients", "clients", CLIENT_DOMAIN),
)


class KnownService(NamedTuple):
    """A service of Globus: its client id, its name as a resource server, its scopes with what each depends on."""

    id: str
    resource_server: str
    name: str
    scopes: dict[str, tuple[str, ...]]


_AUTH: Final = "urn:globus:auth:scope:auth.globus.org:"
_TRANSFER: Final = "urn:globus:auth:scope:transfer.api.globus.org:"
_GROUPS: Final = "urn:globus:auth:scope:groups.api.globus.org:"
_SEARCH: Final = "urn:globus:auth:scope:search.api.globus.org:"
_TIMERS: Final = "524230d7-ea86-4a52-8312-86065a9e0417"
_FLOWS: Final = "eec9b274-0c81-4334-bdc2-54e90e689b9a"
_COMPUTE: Final = "facd7ccc-c5f4-42aa-916b-a0e270e2c2a9"
_OPENID: Final = ("openid", "email", "profile")
_AUTH_NAMES: Final = (
    "manage_projects",
    "view_authentications",
    "view_clients",
    "view_clients_and_scopes",
    "view_consents",
    "view_identities",
    "view_identity_set",
)
_FLOWS_NAMES: Final = ("all", "manage_flows", "run", "run_manage", "run_status", "view_flows")

SERVICES: Final = (
    KnownService(
        named_id("service", "auth.globus.org"),
        "auth.globus.org",
        "Globus Auth",
        {**dict.fromkeys(_OPENID, ()), **{f"{_AUTH}{name}": () for name in _AUTH_NAMES}},
    ),
    KnownService(
        "2fbdda78-a599-4cb5-ac3d-1fbcfbc6a754",
        "transfer.api.globus.org",
        "Globus Transfer",
        {f"{_TRANSFER}all": (), f"{_TRANSFER}gcp_install": ()},
    ),
    KnownService(
        named_id("service", "groups.api.globus.org"),
        "groups.api.globus.org",
        "Globus Groups",
        {f"{_GROUPS}all": (), f"{_GROUPS}view_my_groups_and_memberships": ()},
    ),
    KnownService(
        named_id("service", "nexus.api.globus.org"),
        "nexus.api.globus.org",
        "Globus Nexus",
        {"urn:globus:auth:scope:nexus.api.globus.org:groups": ()},
    ),
    KnownService(
        named_id("service", "search.api.globus.org"),
        "search.api.globus.org",
        "Globus Search",
        {f"{_SEARCH}{name}": () for name in ("all", "globus_connect_server", "ingest", "search")},
    ),
    KnownService(_TIMERS, _TIMERS, "Globus Timers", {f"{SCOPES_AT}{_TIMERS}/timer": (f"{_TRANSFER}all",)}),
    KnownService(
        _FLOWS, "flows.globus.org", "Globus Flows", {f"{SCOPES_AT}{_FLOWS}/{name}": () for name in _FLOWS_NAMES}
    ),
    KnownService(_COMPUTE, "funcx_service", "Globus Compute", {f"{SCOPES_AT}{_COMPUTE}/all": ()}),
)

DESCRIPTIONS: Final = {
    "openid": "know who you are",
    "email": "see your email address",
    "profile": "see your name and organization",
    f"{_AUTH}manage_projects": "manage your projects and applications",
    f"{_AUTH}view_consents": "see what you have allowed applications to do",
    f"{_AUTH}view_identity_set": "see all your linked identities",
    f"{_TRANSFER}all": "manage and move your data with Globus Transfer",
    f"{_GROUPS}view_my_groups_and_memberships": "see the groups you are in",
}
"""What the consent page says of the most common scopes, after "would like to"."""

CLI_TEMPLATES: Final = {
    "95fdeba8-fac2-42bd-a357-e068d82ff78e": "Globus CLI",
    "b2867dbb-0846-4579-8486-dc70763d700b": "Globus CLI (preview)",
    "33b6a241-bce4-4359-9c6d-09f88b3c9eef": "Globus CLI (sandbox)",
    "e0c31fd1-663b-44e1-840f-f4304bb9ee7a": "Globus CLI (integration)",
    "0ebfd058-452f-40c3-babf-5a6b16a7b337": "Globus CLI (test)",
    "3029c3cb-c8d9-4f2b-979c-c53330aa7327": "Globus CLI (staging)",
}
"""Native clients that the official command line makes an instance of for each user."""
