"""Globus Auth: logins, tokens, identities, and the registration of clients."""

from typing import TYPE_CHECKING

from ...porting import missing_from
from .client import AuthClient
from .confidential import ConfidentialAppAuthClient
from .data import DependentScopeSpec, KeySource, Visibility
from .errors import (
    AuthAPIError,
    AuthenticationFailed,
    ConsentRequired,
    InvalidClient,
    InvalidGrant,
    InvalidParameters,
    NotFound,
    PermissionDenied,
)
from .flows import GlobusAuthorizationCodeFlowManager, GlobusNativeAppFlowManager, GlobusOAuthFlowManager, LoginRefused
from .id_token_decoder import IDTokenDecoder
from .identities import Consents
from .identity_map import IdentityMap
from .native import NativeAppAuthClient
from .responses import (
    ClientCredentialResponse,
    ClientResponse,
    GetConsentsResponse,
    IntrospectionResponse,
    OAuthAuthorizationCodeResponse,
    OAuthClientCredentialsResponse,
    OAuthDependentTokenResponse,
    OAuthRefreshTokenResponse,
    OAuthTokenResponse,
    TokensByScope,
)
from .tokens import AuthLoginClient

__all__ = (
    "AuthAPIError",
    "AuthClient",
    "AuthLoginClient",
    "AuthenticationFailed",
    "ClientCredentialResponse",
    "ClientResponse",
    "ConfidentialAppAuthClient",
    "ConsentRequired",
    "Consents",
    "DependentScopeSpec",
    "GetConsentsResponse",
    "GlobusAuthorizationCodeFlowManager",
    "GlobusNativeAppFlowManager",
    "GlobusOAuthFlowManager",
    "IDTokenDecoder",
    "IdentityMap",
    "IntrospectionResponse",
    "InvalidClient",
    "InvalidGrant",
    "InvalidParameters",
    "KeySource",
    "LoginRefused",
    "NativeAppAuthClient",
    "NotFound",
    "OAuthAuthorizationCodeResponse",
    "OAuthClientCredentialsResponse",
    "OAuthDependentTokenResponse",
    "OAuthRefreshTokenResponse",
    "OAuthTokenResponse",
    "PermissionDenied",
    "TokensByScope",
    "Visibility",
)

if not TYPE_CHECKING:
    __getattr__ = missing_from(__name__)
