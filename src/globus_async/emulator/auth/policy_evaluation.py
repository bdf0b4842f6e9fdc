"""Evaluation of authentication policies against a session and a set of linked identities."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..kit.authentication import Session
    from ..kit.directory import Identity
    from .models import Policy

__all__ = ("domain_allowed", "policy_satisfied")


def domain_allowed(policy: Policy, identity: Identity) -> bool:
    """Return whether the domain constraints of a policy allow an identity."""
    include, exclude = policy.domain_constraints_include, policy.domain_constraints_exclude
    domain = identity.domain.lower()
    return (include is None or domain in include) and (exclude is None or domain not in exclude)


def policy_satisfied(policy: Policy, session: Session, linked: Iterable[Identity], now: float) -> bool:
    """
    Return whether a policy is satisfied.

    A high-assurance policy, and one that requires multi-factor authentication, needs an authentication in this
    session that is not older than its timeout. Any other policy needs a linked identity in an allowed domain.

    Args:
        policy: The policy.
        session: The session of the token.
        linked: The identities that are linked with the token's identity.
        now: POSIX seconds.
    """
    identities = [identity for identity in linked if domain_allowed(policy, identity)]
    if not policy.high_assurance and not policy.required_mfa:
        return bool(identities)
    logins = [session.authentications[each.id] for each in identities if each.id in session.authentications]
    limit = policy.authentication_assurance_timeout
    return any(
        (limit is None or now - login.auth_time <= limit) and (login.mfa or not policy.required_mfa) for login in logins
    )
