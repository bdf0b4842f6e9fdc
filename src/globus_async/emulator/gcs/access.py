"""What an identity needs to use a storage gateway: its domain, a recent login, an account and a consent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .accounts import is_allowed_domain
from .errors import GCSError
from .models import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    from .call import Call
    from .models import ManagedCollection, StorageGateway

__all__ = (
    "check_data_access",
    "check_identity",
    "check_session",
    "check_sharing_user",
    "checked_account",
    "missing_scopes",
)

_MINUTE: Final = 60


def check_identity(call: Call, gateway: StorageGateway, identity_id: str) -> None:
    """
    Require that an identity is one of the caller's, and in a domain that the gateway allows.

    Raises:
        GCSError: 403 ``id_not_in_identity_set`` or ``not_from_allowed_domain``.
    """
    if identity_id not in call.caller.identity_ids:
        raise GCSError.forbidden("The identity is none of yours", "id_not_in_identity_set")
    identity = call.state.directory.identities[identity_id]
    if not is_allowed_domain(identity, gateway.fields):
        domains = list(gateway.fields["allowed_domains"])
        message = f"The identity must be in one of the domains {', '.join(domains)}"
        raise GCSError.forbidden(message, "not_from_allowed_domain", allowed_domains=domains)


def checked_account(call: Call, gateway: StorageGateway, identity_id: str, username: str | None) -> str:
    """
    Return the local user of an identity.

    Args:
        call: The call.
        gateway: The gateway.
        identity_id: The identity.
        username: The local user that is wanted; by default any.

    Raises:
        GCSError: 403 ``invalid_user``, the identity has no account, or another one.
    """
    account = call.state.account(gateway, identity_id)
    if account is None or username not in {None, account}:
        message = "The identity is not mapped to this user of the storage gateway"
        raise GCSError.forbidden(message, "invalid_user", usernames=[username] if username else [])
    return account


def check_session(call: Call, gateway: StorageGateway, identity_id: str) -> None:
    """
    Require that the caller has logged in with an identity within the authentication timeout of the gateway.

    Raises:
        GCSError: 403 ``authentication_timeout``, with the authorization requirement.
    """
    timeout = _MINUTE * int(gateway.fields.get("authentication_timeout_mins") or DEFAULT_TIMEOUT)
    needs_mfa = bool(gateway.fields.get("require_mfa"))
    login = call.caller.session.authentications.get(identity_id)
    if login is not None and login.auth_time > call.state.now() - timeout and (login.mfa or not needs_mfa):
        return
    if not gateway.fields.get("high_assurance") and login is None and not needs_mfa:
        # any login of the person counts, and clients have none
        times = [each.auth_time for each in call.caller.session.authentications.values()]
        if not times or max(times) > call.state.now() - timeout:
            return
    message = "Authentication timeout: log in again with the identity"
    parameters = {"session_required_identities": [identity_id], "session_message": message}
    detail = {
        "DATA_TYPE": "authentication_timeout#1.1.0",
        "identities": [identity_id],
        "high_assurance": bool(gateway.fields.get("high_assurance")),
        "require_mfa": needs_mfa,
    }
    raise GCSError(
        403,
        "permission_denied",
        message,
        detail=detail,
        authorization_parameters={**parameters, **({"session_required_mfa": True} if needs_mfa else {})},
    )


def check_data_access(call: Call, mapped: ManagedCollection, gateway: StorageGateway) -> None:
    """
    Require the consent for the data of a mapped collection, unless it has high assurance.

    Raises:
        GCSError: 401 ``missing_required_scopes``, with the authorization requirement.
    """
    data_access = f"https://auth.globus.org/scopes/{mapped.id}/data_access"
    if gateway.fields.get("high_assurance") or data_access in call.caller.dependent_scopes:
        return
    raise missing_scopes([f"{call.endpoint.scope}[*{data_access}]"])


def missing_scopes(scopes: list[str]) -> GCSError:
    """Return the error of a token without some scopes."""
    message = "Missing required scopes"
    return GCSError(
        401,
        "not_authorized",
        message,
        detail={"DATA_TYPE": "missing_required_scopes#1.0.0", "required_scopes": scopes},
        authorization_parameters={"required_scopes": scopes, "session_message": message},
    )


def check_sharing_user(mapped: ManagedCollection, username: str | None) -> None:
    """
    Require that a local user may make guest collections.

    Raises:
        GCSError: 403 ``invalid_user``.
    """
    allowed = mapped.fields.get("sharing_users_allow")
    denied = mapped.fields.get("sharing_users_deny") or ()
    if username in denied or (allowed and username not in allowed):
        usernames = [] if username is None else [username]
        message = "The user may not make guest collections"
        raise GCSError.forbidden(message, "invalid_user", usernames=usernames)
