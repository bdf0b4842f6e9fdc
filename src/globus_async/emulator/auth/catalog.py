"""The built-in services, scopes and native clients."""

from __future__ import annotations

from typing import Final, NamedTuple

from ..kit.ids import named_id

__all__ = ("CLI_TEMPLATES", "DESCRIPTIONS", "SCOPE_URL_PREFIX", "SERVICES", "KnownService")

SCOPE_URL_PREFIX: Final = "https://auth.globus.org/scopes/"


class KnownService(NamedTuple):
    """A Globus service."""

    id: str
    """The client id."""
    resource_server: str
    name: str
    scopes: dict[str, tuple[str, ...]]
    """Its scopes, each with its required dependencies."""


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
_FLOWS_NAMES: Final = (
    "all",
    "manage_flows",
    "run",
    "run_manage",
    "run_status",
    "view_flows",
    "web_input_respond",
    "web_input_view",
)

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
    KnownService(_TIMERS, _TIMERS, "Globus Timers", {f"{SCOPE_URL_PREFIX}{_TIMERS}/timer": (f"{_TRANSFER}all",)}),
    KnownService(
        _FLOWS, "flows.globus.org", "Globus Flows", {f"{SCOPE_URL_PREFIX}{_FLOWS}/{name}": () for name in _FLOWS_NAMES}
    ),
    KnownService(_COMPUTE, "funcx_service", "Globus Compute", {f"{SCOPE_URL_PREFIX}{_COMPUTE}/all": ()}),
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
"""Descriptions of common scopes, in the form that follows "would like to" on the consent page."""

CLI_TEMPLATES: Final = {
    "95fdeba8-fac2-42bd-a357-e068d82ff78e": "Globus CLI",
    "b2867dbb-0846-4579-8486-dc70763d700b": "Globus CLI (preview)",
    "33b6a241-bce4-4359-9c6d-09f88b3c9eef": "Globus CLI (sandbox)",
    "e0c31fd1-663b-44e1-840f-f4304bb9ee7a": "Globus CLI (integration)",
    "0ebfd058-452f-40c3-babf-5a6b16a7b337": "Globus CLI (test)",
    "3029c3cb-c8d9-4f2b-979c-c53330aa7327": "Globus CLI (staging)",
}
"""Client ids of the official command line, by environment; each installation registers an instance of one."""
