"""Who may read and write files over HTTPS: tokens, scopes, sessions and access rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes, urlencode

from ..kit.authentication import AuthenticationFailure
from ..kit.errors import ErrorKind
from .errors import FilesError, login_denied

if TYPE_CHECKING:
    from ..kit.authentication import Caller
    from ..kit.collection_files import ServedCollection
    from ..kit.request import Request
    from .state import FilesState

__all__ = ("authorized",)

_SCOPES: Final = "https://auth.globus.org/scopes"
_SESSION_MINUTES: Final = 15_840
"""The age of a login, 11 days, after which collections want another one by default."""


def authorized(
    state: FilesState, request: Request, *, write: bool
) -> tuple[ServedCollection, frozenset[str], tuple[str, ...]]:
    """
    Return the collection of a request, the identities of the caller (none without a token), and the path.

    Raises:
        FilesError: 302 to a login without a token, 401 for one that is not active, 403 or 405.
    """
    collection = state.platform.files.at(request.raw.url.hostname or "")
    if collection is None or not collection.is_enabled:
        raise FilesError(403, "PERMISSION_DENIED", "The collection does not allow HTTPS access")
    method = "GET" if request.method == "HEAD" else request.method
    if collection.methods is not None and method not in collection.methods:
        raise FilesError.of_kind(ErrorKind.METHOD_NOT_ALLOWED, f"The collection does not allow {method}")
    path = _path(request)
    if request.authorization is None:
        if collection.is_guest and state.platform.files.may_access(collection.id, frozenset(), path, write=write):
            return collection, frozenset(), path
        raise _login_required(state, collection, request)
    try:
        caller = state.platform.authority.authenticate(request.authorization)
    except AuthenticationFailure:
        raise FilesError.of_kind(ErrorKind.INVALID_TOKEN, "Invalid or expired token") from None
    _check_scopes(collection, caller)
    _check_session(state, collection, caller)
    return collection, caller.identity_ids, path


def _path(request: Request) -> tuple[str, ...]:
    """Return the names of the path: all that stands behind the host, with every escape resolved once."""
    raw: bytes = request.raw.scope["raw_path"].partition(b"?")[0]
    try:
        names = tuple(name for name in unquote_to_bytes(raw).decode().split("/") if name not in {"", "."})
    except UnicodeDecodeError:
        names = ("..",)
    if ".." in names or any("\0" in name for name in names):
        raise FilesError(403, "PERMISSION_DENIED", "Path not allowed.")
    return names


def _login_required(state: FilesState, collection: ServedCollection, request: Request) -> FilesError:
    """Return the redirect to the login page of Auth; the refusal instead for scripts, which say what they are."""
    if (request.header("x-requested-with") or "").lower() == "xmlhttprequest":
        return FilesError.of_kind(ErrorKind.NO_CREDENTIALS, "No credentials supplied")
    redirect_uri = state.platform.address_of(request.raw.url.hostname or "") + "/"
    state.platform.authority.add_redirect_uri(collection.id, redirect_uri)
    query = {
        "response_type": "code",
        "client_id": collection.id,
        "scope": f"openid {_SCOPES}/{collection.id}/https",
        "redirect_uri": redirect_uri,
    }
    auth = state.platform.url or "https://auth.globus.org"
    location = f"{auth}/v2/oauth2/authorize?{urlencode(query)}"
    return FilesError(302, "LOGIN_REQUIRED", "Log in", headers={"Location": location})


def _check_scopes(collection: ServedCollection, caller: Caller) -> None:
    needed = ["https", *(["data_access"] if collection.needs_data_access and not collection.is_guest else [])]
    scopes = {each.partition("[")[0] for each in (*caller.scopes, *caller.dependent_scopes)}
    missing = [scope for name in needed if (scope := f"{_SCOPES}/{collection.id}/{name}") not in scopes]
    if missing:
        detail = {"DATA_TYPE": "missing_required_scopes#1.0.0", "required_scopes": missing}
        raise login_denied("Missing required scopes", detail, {"required_scopes": missing})


def _check_session(state: FilesState, collection: ServedCollection, caller: Caller) -> None:
    policy = collection.policy_id
    if policy is not None and not state.platform.authority.satisfies_policy(policy, caller):
        detail = {"DATA_TYPE": "authentication_timeout#1.1.0", "high_assurance": collection.high_assurance}
        message = f"Your session does not satisfy the policy of '{collection.name}'"
        raise login_denied(message, detail, {"session_required_policies": [policy]})
    logins = {
        identity: login for identity, login in caller.session.authentications.items() if identity in caller.identity_ids
    }
    if not logins and not collection.high_assurance:
        return  # clients have no session
    limit = 60 * (_SESSION_MINUTES if collection.session_minutes is None else collection.session_minutes)
    now = state.platform.clock.wall()
    if not any(now - each.auth_time <= limit and (each.mfa or not collection.mfa) for each in logins.values()):
        identities = sorted(caller.identity_ids)
        detail = {
            "DATA_TYPE": "authentication_timeout#1.1.0",
            "high_assurance": collection.high_assurance,
            "identities": identities,
            "require_mfa": collection.mfa,
        }
        parameters: dict[str, object] = {"session_required_identities": identities, "prompt": "login"}
        if collection.mfa:
            parameters["session_required_mfa"] = True
        raise login_denied("Your last login is too old for this collection", detail, parameters)
