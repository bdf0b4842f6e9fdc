"""The deliberate differences of the Auth clients from globus-sdk, for tests and documentation."""

from __future__ import annotations

from typing import Final

from tests.parity.differences import Difference, Differences

__all__ = ("DIFFERENCES",)

_ENTRIES: Final = (
    Difference(
        "additional_params",
        "signature",
        "`additional_params` of release 1, and of `oauth2_get_dependent_tokens`",
        "is `query_params` for the URL and `body_params` for the form",
        "consistent names, as in most of globus-sdk 4",
    ),
    Difference(
        "constructor",
        "signature",
        "`AuthClient(retry_config=)`",
        "is `retry=`, which takes a `RetryPolicy`",
        "a retry policy is immutable, so that clients can share it",
    ),
    Difference(
        "one_client",
        "signature",
        "`AuthClient`, `NativeAppAuthClient`, `ConfidentialAppAuthClient`",
        "an app's client has all methods of `AuthClient`, which has the login methods, as in release 1",
        "an app looks up identities and manages itself with its own credentials",
    ),
    Difference(
        "positional",
        "signature",
        "`AuthLoginClient(client_id, environment, base_url, ...)`",
        "takes `client_id` and `authorizer` by position, as `AuthClient` of release 1; the others are keyword-only",
        "the clients of applications, which programs make, take them by keyword in globus-sdk 4, too",
    ),
    Difference(
        "pages",
        "signature",
        "methods that list",
        "return `Pages` and are not coroutines: `async for` yields the items, `await` returns the first page",
        "all listings are used in the same way, and type checkers know the type of the items",
    ),
    Difference(
        "decoder",
        "signature",
        "`decode_id_token(jwt_params=)`, `IDTokenDecoder(jwt_leeway=, jwt_options=)` and its methods to override",
        "`leeway=` and `nonce=`; a key, a key set and a configuration can be passed to each call",
        "options that disable checks lead to the acceptance of invalid tokens",
    ),
    Difference(
        "dependent_id_token",
        "signature",
        "`OAuthDependentTokenResponse.decode_id_token`",
        "does not exist",
        "the response has no id_token; globus-sdk raises `NotImplementedError`",
    ),
    Difference(
        "pkce",
        "wire",
        "the login of a confidential app",
        "sends a PKCE challenge with the authorize request, and the verifier with the code; after the redirect, use the"
        " flow that was started, or create it again with its `state` and `verifier`",
        "a leaked code is useless to others (RFC 9700 2.1.1)",
    ),
    Difference(
        "state",
        "wire",
        "a login without `state=`",
        "has a random state instead of `_default`",
        "a known state protects against nothing",
    ),
    Difference(
        "booleans",
        "wire",
        "`session_required_mfa`, `get_consents(all=)`, booleans in `query_params` and `body_params`",
        "are `true` and `false`",
        "the service documents this spelling",
    ),
    Difference(
        "discovery",
        "wire",
        "`get_openid_configuration`, `get_jwk`",
        "are sent without credentials, and only to the service's own origin",
        "the documents are public, and must not direct credentials elsewhere",
    ),
    Difference(
        "default_scopes",
        "behaviour",
        "a login or `oauth2_client_credentials_tokens` without scopes",
        "requests `openid profile email` and Transfer, as in release 1",
        "first programs need no list of scopes",
    ),
    Difference(
        "revoke_authorizer",
        "behaviour",
        "the token endpoint, for a client whose authorizer refreshes tokens",
        "is called without a header",
        "this is where the token would be refreshed: the call would wait for itself",
    ),
    Difference(
        "flows",
        "behaviour",
        "flows",
        "are immutable, and there can be many at once; the state of the redirect is compared if it is passed",
        "a web application logs in several users at the same time",
    ),
    Difference(
        "id_tokens",
        "behaviour",
        "`decode_id_token`",
        "checks `iss`, `azp`, `at_hash`, `nonce`, `sub` and `kid` as well; accepts only the algorithm RS512; allows 60"
        " seconds of leeway; caches configuration and keys for an hour at most, and requests the keys for an unknown"
        " `kid` at most once a minute",
        "globus-sdk 4.10 accepts tokens of other issuers, for other clients, and long expired ones",
    ),
    Difference(
        "odd_answers",
        "behaviour",
        "token responses",
        "an error document with status 200 is an error; a refresh response without a refresh token contains the one"
        " that was sent; no refresh token is lost to unusual members; duplicate members are refused",
        "globus-sdk 4.10 loses refresh tokens, or treats errors as tokens",
    ),
    Difference(
        "usage",
        "behaviour",
        "`get_identities`, `get_identity_providers`, `get_scopes`, tokens with blanks or line breaks",
        "invalid arguments are refused before anything is sent",
        "the service would refuse them, and a token could appear in logs",
    ),
    Difference(
        "hidden",
        "behaviour",
        "`repr` and `str` of clients, flows, and responses with tokens or secrets",
        "show no secret; such responses cannot be pickled",
        "logs and error reports have many readers",
    ),
    Difference(
        "identity_map",
        "behaviour",
        "`IdentityMap`",
        "look-ups are awaited, and concurrent ones share requests; the cache has a maximum size and a time to live",
        "servers look up thousands of identities concurrently, and run for months",
    ),
)

DIFFERENCES: Final = Differences("the Auth clients differ", _ENTRIES)
