"""When a session is what a policy asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .models import Identity, Policy, Session

__all__ = ("admits", "satisfies")


def admits(policy: Policy, identity: Identity) -> bool:
    """Tell whether an identity is of a domain that the policy lets in."""
    include, exclude = policy.domain_constraints_include, policy.domain_constraints_exclude
    domain = identity.domain.lower()
    return (include is None or domain in include) and (exclude is None or domain not in exclude)


def satisfies(policy: Policy, session: Session, linked: Iterable[Identity], now: float) -> bool:
    """
    Tell whether a policy is satisfied.

    A policy of high assurance, or one that requires a second factor, looks at the logins of this session, which must
    not be older than its timeout; any other looks at the person's identities.
    """
    identities = [identity for identity in linked if admits(policy, identity)]
    if not policy.high_assurance and not policy.required_mfa:
        return bool(identities)
    logins = [session.authentications[each.id] for each in identities if each.id in session.authentications]
    limit = policy.authentication_assurance_timeout
    return any(
        (limit is None or now - login.auth_time <= limit) and (login.mfa or not policy.required_mfa) for login in logins
    )
