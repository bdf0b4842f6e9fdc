"""The scopes of the Globus services, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final
from uuid import UUID

from ..errors.arguments import check_type
from .scope import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = (
    "AuthScopeCollection",
    "AuthScopes",
    "ComputeScopeCollection",
    "ComputeScopes",
    "DynamicScopeCollection",
    "FlowsScopeCollection",
    "FlowsScopes",
    "GCSCollectionScopes",
    "GCSEndpointScopes",
    "GroupsScopeCollection",
    "GroupsScopes",
    "NexusScopes",
    "ScopeCollection",
    "SearchScopeCollection",
    "SearchScopes",
    "SpecificFlowScopes",
    "StaticScopeCollection",
    "TimersScopeCollection",
    "TimersScopes",
    "TransferScopeCollection",
    "TransferScopes",
)


def _urn(owner: str, name: str) -> Scope:
    return Scope(f"urn:globus:auth:scope:{owner}:{name}")


def _url(owner: str, name: str) -> Scope:
    return Scope(f"https://auth.globus.org/scopes/{owner}/{name}")


class ScopeCollection:
    """
    The scopes of one resource server, as attributes; iterate over it for all of them.

    Attributes:
        resource_server: The name under which a token response has the token for these scopes.
    """

    resource_server: str

    def __iter__(self) -> Iterator[Scope]:
        for attributes in (vars(self), vars(type(self))):
            yield from (value for value in attributes.values() if isinstance(value, Scope))

    def __repr__(self) -> str:
        return f"<scopes of {self.resource_server}: {' '.join(map(str, self))}>"


class StaticScopeCollection(ScopeCollection):
    """The scopes of a service."""


class DynamicScopeCollection(ScopeCollection):
    """
    The scopes of one collection, endpoint or flow.

    A subclass has them as properties or sets them in its constructor; ``_scope_names`` says which to iterate over, by
    default all.

    Args:
        resource_server: Its UUID.

    Example:
        >>> class ReportScopes(DynamicScopeCollection):
        ...     @property
        ...     def read(self) -> Scope:
        ...         return Scope(f"https://auth.globus.org/scopes/{self.resource_server}/read")
        >>> [*ReportScopes("2c8d")]
        [Scope('https://auth.globus.org/scopes/2c8d/read')]
    """

    _scope_names: ClassVar[tuple[str, ...]] = ()

    def __init__(self, resource_server: UUID | str) -> None:
        check_type("resource_server", resource_server, UUID | str, "a UUID or text")
        self.resource_server: str = str(resource_server)

    def __iter__(self) -> Iterator[Scope]:
        for name in self._scope_names or self._all_names():
            value = getattr(self, name)
            if isinstance(value, Scope):
                yield value

    def _all_names(self) -> Iterator[str]:
        """Yield the names of attributes and properties, of base classes first."""
        yield from vars(self)
        for cls in reversed(type(self).__mro__[: -len(DynamicScopeCollection.__mro__)]):
            yield from (name for name, value in vars(cls).items() if isinstance(value, property | Scope))


class AuthScopeCollection(StaticScopeCollection):
    """The scopes of Globus Auth."""

    resource_server: str = "auth.globus.org"
    openid: Scope = Scope("openid")
    email: Scope = Scope("email")
    profile: Scope = Scope("profile")
    manage_projects: Scope = _urn(resource_server, "manage_projects")
    view_authentications: Scope = _urn(resource_server, "view_authentications")
    view_clients: Scope = _urn(resource_server, "view_clients")
    view_clients_and_scopes: Scope = _urn(resource_server, "view_clients_and_scopes")
    view_consents: Scope = _urn(resource_server, "view_consents")
    view_identities: Scope = _urn(resource_server, "view_identities")
    view_identity_set: Scope = _urn(resource_server, "view_identity_set")


class ComputeScopeCollection(StaticScopeCollection):
    """The scopes of Globus Compute."""

    resource_server: str = "funcx_service"
    client_id: ClassVar[str] = "facd7ccc-c5f4-42aa-916b-a0e270e2c2a9"
    all: Scope = _url(client_id, "all")


class FlowsScopeCollection(StaticScopeCollection):
    """The scopes of Globus Flows."""

    resource_server: str = "flows.globus.org"
    client_id: ClassVar[str] = "eec9b274-0c81-4334-bdc2-54e90e689b9a"
    all: Scope = _url(client_id, "all")
    manage_flows: Scope = _url(client_id, "manage_flows")
    view_flows: Scope = _url(client_id, "view_flows")
    run: Scope = _url(client_id, "run")
    run_status: Scope = _url(client_id, "run_status")
    run_manage: Scope = _url(client_id, "run_manage")
    web_input_view: Scope = _url(client_id, "web_input_view")
    web_input_respond: Scope = _url(client_id, "web_input_respond")


class GroupsScopeCollection(StaticScopeCollection):
    """The scopes of Globus Groups."""

    resource_server: str = "groups.api.globus.org"
    all: Scope = _urn(resource_server, "all")
    view_my_groups_and_memberships: Scope = _urn(resource_server, "view_my_groups_and_memberships")


class _NexusScopes(StaticScopeCollection):
    resource_server: str = "nexus.api.globus.org"
    groups: Scope = _urn(resource_server, "groups")


class SearchScopeCollection(StaticScopeCollection):
    """The scopes of Globus Search."""

    resource_server: str = "search.api.globus.org"
    all: Scope = _urn(resource_server, "all")
    globus_connect_server: Scope = _urn(resource_server, "globus_connect_server")
    ingest: Scope = _urn(resource_server, "ingest")
    search: Scope = _urn(resource_server, "search")


class TimersScopeCollection(StaticScopeCollection):
    """The scopes of Globus Timers."""

    resource_server: str = "524230d7-ea86-4a52-8312-86065a9e0417"
    timer: Scope = _url(resource_server, "timer")


class TransferScopeCollection(StaticScopeCollection):
    """The scopes of Globus Transfer."""

    resource_server: str = "transfer.api.globus.org"
    all: Scope = _urn(resource_server, "all")
    gcp_install: Scope = _urn(resource_server, "gcp_install")


AuthScopes: Final = AuthScopeCollection()
"""Globus Auth."""
ComputeScopes: Final = ComputeScopeCollection()
"""Globus Compute. Its scopes contain a client id instead of the name of the resource server."""
FlowsScopes: Final = FlowsScopeCollection()
"""Globus Flows. Its scopes contain a client id instead of the name of the resource server."""
GroupsScopes: Final = GroupsScopeCollection()
"""Globus Groups."""
NexusScopes: Final = _NexusScopes()
"""Nexus, the predecessor of Globus Groups."""
SearchScopes: Final = SearchScopeCollection()
"""Globus Search."""
TimersScopes: Final = TimersScopeCollection()
"""Globus Timers."""
TransferScopes: Final = TransferScopeCollection()
"""Globus Transfer."""


class GCSEndpointScopes(DynamicScopeCollection):
    """
    The scopes of a Globus Connect Server endpoint.

    Args:
        resource_server: The endpoint's UUID.

    Example:
        >>> GCSEndpointScopes("c5c2a1de").manage_collections
        Scope('urn:globus:auth:scope:c5c2a1de:manage_collections')
    """

    def __init__(self, resource_server: UUID | str) -> None:
        super().__init__(resource_server)
        self.manage_collections: Scope = _urn(self.resource_server, "manage_collections")


class GCSCollectionScopes(DynamicScopeCollection):
    """
    The scopes of a Globus Connect Server collection.

    Args:
        resource_server: The collection's UUID.

    Example:
        >>> TransferScopes.all.with_dependency(GCSCollectionScopes("2c8d").data_access)
        Scope('urn:globus:auth:scope:transfer.api.globus.org:all[https://auth.globus.org/scopes/2c8d/data_access]')
    """

    def __init__(self, resource_server: UUID | str) -> None:
        super().__init__(resource_server)
        self.data_access: Scope = _url(self.resource_server, "data_access")
        self.https: Scope = _url(self.resource_server, "https")


class SpecificFlowScopes(DynamicScopeCollection):
    """
    The scopes of one flow.

    Args:
        flow_id: The flow's UUID.

    Example:
        >>> SpecificFlowScopes("1a-2b").user
        Scope('https://auth.globus.org/scopes/1a-2b/flow_1a_2b_user')
    """

    def __init__(self, flow_id: UUID | str) -> None:
        check_type("flow_id", flow_id, UUID | str, "a UUID or text")
        super().__init__(flow_id)
        self.user: Scope = _url(self.resource_server, f"flow_{self.resource_server.replace('-', '_')}_user")
