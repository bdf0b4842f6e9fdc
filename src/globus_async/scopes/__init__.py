"""Scopes: values, scope strings, the constants of the services, and consents."""

from .collection import (
    AuthScopeCollection,
    AuthScopes,
    ComputeScopes,
    DynamicScopeCollection,
    FlowsScopes,
    GCSCollectionScopes,
    GCSEndpointScopes,
    GroupsScopes,
    NexusScopes,
    ScopeCollection,
    SearchScopeCollection,
    SearchScopes,
    SpecificFlowScopes,
    StaticScopeCollection,
    TimersScopes,
    TransferScopeCollection,
    TransferScopes,
)
from .grammar import ScopeCycleError, ScopeParseError
from .scope import Scope, ScopeParser, Scopes

__all__ = (
    "AuthScopeCollection",
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
    "SearchScopeCollection",
    "SearchScopes",
    "SpecificFlowScopes",
    "StaticScopeCollection",
    "TimersScopes",
    "TransferScopeCollection",
    "TransferScopes",
)
