"""Scopes: values, scope strings, the constants of the services, and consents."""

from .collection import (
    AuthScopes,
    ComputeScopes,
    DynamicScopeCollection,
    FlowsScopes,
    GCSCollectionScopes,
    GCSEndpointScopes,
    GroupsScopes,
    NexusScopes,
    ScopeCollection,
    SearchScopes,
    SpecificFlowScopes,
    StaticScopeCollection,
    TimersScopes,
    TransferScopes,
)
from .grammar import ScopeCycleError, ScopeParseError
from .scope import Scope, ScopeParser, Scopes

__all__ = (
    "AuthScopes",
    "ComputeScopes",
    "DynamicScopeCollection",
    "FlowsScopes",
    "GCSCollectionScopes",
    "GCSEndpointScopes",
    "GroupsScopes",
    "NexusScopes",
    "Scope",
    "ScopeCollection",
    "ScopeCycleError",
    "ScopeParseError",
    "ScopeParser",
    "Scopes",
    "SearchScopes",
    "SpecificFlowScopes",
    "StaticScopeCollection",
    "TimersScopes",
    "TransferScopes",
)
