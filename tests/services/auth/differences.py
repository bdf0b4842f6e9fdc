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
        "is `query_params` where it goes into an address, `body_params` where it goes into a form",
        "one name for one thing, as globus-sdk 4 has it nearly everywhere",
    ),
    Difference(
        "constructor",
        "signature",
        "`AuthClient(app=, app_scopes=, retry_config=)`",
        "there is no `app`; `retry=` takes a `RetryPolicy`",
        "`GlobusApp` logs in interactively and keeps state for scripts; services hand over an authorizer. A retry"
        " policy is a value that cannot be changed under other callers",
    ),
    Difference(
        "one_client",
        "signature",
        "`AuthClient`, `NativeAppAuthClient`, `ConfidentialAppAuthClient`",
        "an app's client has all methods of `AuthClient`, which has the login methods, as in release 1",
        "an app looks up identities and administers itself with its own credentials",
    ),
    Difference(
        "positional",
        "signature",
        "`create_scope(description, scope_suffix)`, `oauth2_token(response_class)`, options of flows and logins",
        "are keyword-only",
        "a third positional argument says nothing to a reader",
    ),
    Difference(
        "pages",
        "signature",
        "methods that list",
        "return `Pages` and are no coroutines: `async for` gives the items, `await` the answer",
        "one spelling for all listings, and item types that type checkers see",
    ),
    Difference(
        "decoder",
        "signature",
        "`decode_id_token(jwt_params=)`, `IDTokenDecoder(jwt_leeway=, jwt_options=)` and its methods to override",
        "`leeway=` and `nonce=`; a key, a key set and a configuration may be handed in with each call",
        "options that switch checks off are how wrong tokens get accepted",
    ),
    Difference(
        "dependent_id_token",
        "signature",
        "`OAuthDependentTokenResponse.decode_id_token`",
        "is not there",
        "there is no id_token in that answer; globus-sdk raises `NotImplementedError`",
    ),
    Difference(
        "pkce",
        "wire",
        "the login of a confidential app",
        "sends a PKCE challenge with the authorize request, and the verifier with the code; when the user comes back,"
        " go on with the flow that was started, or start it anew with its `state` and `verifier`",
        "a code that leaks is of no use to others (RFC 9700 2.1.1)",
    ),
    Difference(
        "state",
        "wire",
        "a login without `state=`",
        "has a random state instead of `_default`",
        "a state that everybody knows protects nobody",
    ),
    Difference(
        "booleans",
        "wire",
        "`session_required_mfa`, `get_consents(all=)`, booleans in `query_params` and `body_params`",
        "are `true` and `false`",
        "`True` and `False` are Python's spelling, not the service's",
    ),
    Difference(
        "discovery",
        "wire",
        "`get_openid_configuration`, `get_jwk`",
        "are sent without credentials, and to the service's own address only",
        "what is public needs none, and a document cannot send them elsewhere",
    ),
    Difference(
        "default_scopes",
        "behaviour",
        "a login or `oauth2_client_credentials_tokens` without scopes",
        "asks for `openid profile email` and Transfer, as in release 1",
        "the first steps of a program should not begin with a table of scopes",
    ),
    Difference(
        "revoke_authorizer",
        "behaviour",
        "the token endpoint, for a client whose authorizer renews tokens",
        "is called without a header",
        "this is where the token would be renewed: the call would wait for itself",
    ),
    Difference(
        "flows",
        "behaviour",
        "flows",
        "cannot be changed, and many are under way at once; the returned state is compared if it is given",
        "a web application logs several users in at the same time",
    ),
    Difference(
        "id_tokens",
        "behaviour",
        "`decode_id_token`",
        "checks `iss`, `azp`, `at_hash`, `nonce`, `sub` and the id of the key; the algorithm is RS512 whatever token"
        " and configuration say; 60 seconds of leeway; configuration and keys are fetched once, and keys again at most"
        " once a minute",
        "globus-sdk 4.10 accepts tokens of other issuers, for other clients, and long expired ones",
    ),
    Difference(
        "odd_answers",
        "behaviour",
        "token answers",
        "an error with status 200 is an error; a refresh answer without a refresh token shows the one that was sent;"
        " odd members never cost a refresh token; a member that is there twice is refused",
        "globus-sdk 4.10 loses refresh tokens, or takes an error for tokens",
    ),
    Difference(
        "usage",
        "behaviour",
        "`get_identities`, `get_identity_providers`, `get_scopes`, tokens with blanks or line breaks",
        "arguments that cannot be right are refused before anything is sent",
        "the service would refuse them, and a token would have been shown to it and to logs",
    ),
    Difference(
        "hidden",
        "behaviour",
        "`repr` and `str` of clients, flows, and of answers with tokens or secrets in them",
        "show no secret; such answers cannot be pickled",
        "logs and error reports are read by many",
    ),
    Difference(
        "identity_map",
        "behaviour",
        "`IdentityMap`",
        "look-ups are awaited, those made at the same time share requests; the cache is bounded and ages",
        "a service asks about thousands of identities at once, for months",
    ),
)

DIFFERENCES: Final = Differences("the Auth clients differ", _ENTRIES)
