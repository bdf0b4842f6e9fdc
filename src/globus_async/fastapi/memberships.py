"""The groups of users, cached: concurrent requests with the same token share one call of Globus Groups."""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

from fastapi import HTTPException

from .._http.json_reader import is_list, is_object
from .._single_flight import SingleFlight
from ..errors import ApplicationRefused, ClientClosedError, GlobusError, GlobusSDKUsageError, GlobusTimeoutError
from ..errors.arguments import refusal
from .errors import error_response
from .unavailability import unavailable

if TYPE_CHECKING:
    from ..clock import Clock
    from ..secret import Secret
    from ..services.groups import GroupsClient

__all__ = ("MembershipCache", "Role", "Roles", "check_role", "require_membership")

Role: TypeAlias = Literal["member", "manager", "admin"]
"""A role in a group: each includes those before it."""
Roles: TypeAlias = Mapping[str, frozenset[str]]
"""The roles of a user in each of their groups, by group id."""

_SUFFICIENT: Final[Mapping[Role, tuple[Role, ...]]] = {
    "member": ("member", "manager", "admin"),
    "manager": ("manager", "admin"),
    "admin": ("admin",),
}
"""The roles that include each role."""

_log = logging.getLogger("globus_async")


class _Entry(NamedTuple):
    roles: Roles
    until: float
    """Monotonic seconds."""


class MembershipCache:
    """
    The groups of users, by the hash of their token, or of the key of their session.

    An entry is used for ``max_age`` seconds from the start of its request; failed requests are not cached.

    Args:
        clock: The clock.
        max_age: Seconds for which a membership that has ended may still count, and a new one may not.
        timeout: Maximum seconds to wait for a response.
        max_entries: The maximum number of tokens; the least recently used are removed.
    """

    def __init__(self, clock: Clock, *, max_age: float, timeout: float, max_entries: int = 10_000) -> None:
        self._clock = clock
        self._max_age = max_age
        self._timeout = timeout
        self._max_entries = max_entries
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()
        self._requests: SingleFlight[Roles] = SingleFlight("group memberships")

    def __repr__(self) -> str:
        return f"<MembershipCache: {len(self._entries)} tokens>"

    async def roles_of(self, token: Secret, client: Callable[[], GroupsClient]) -> Roles:
        """
        Return the roles of the owner of a token or session.

        Args:
            token: The token, or the key of the session.
            client: Returns a client that acts for its owner.

        Raises:
            GlobusError: The groups are not known, and there was no usable response.
        """
        key = hashlib.sha256(token.reveal().encode()).digest()
        entry = self._entries.get(key)
        if entry is not None and self._clock.monotonic() < entry.until:
            self._entries.move_to_end(key)
            return entry.roles
        try:
            async with self._clock.timeout(self._timeout):
                return await self._requests.join(key, lambda: self._fetch(key, client()))
        except TimeoutError:
            raise GlobusTimeoutError("the groups of a user took too long", stage="no response") from None

    async def aclose(self) -> None:
        """Wait for the running requests."""
        await self._requests.aclose()

    async def _fetch(self, key: bytes, client: GroupsClient) -> Roles:
        started = self._clock.monotonic()
        roles = await _fetch_roles(client)
        self._entries[key] = _Entry(roles, started + self._max_age)
        self._entries.move_to_end(key)
        if len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)
        return roles


async def _fetch_roles(client: GroupsClient) -> Roles:
    response = await client.get_my_groups()
    roles: dict[str, frozenset[str]] = {}
    for group in response:
        group_id: object = group.get("id")
        memberships: object = group.get("my_memberships")
        if not isinstance(group_id, str) or not is_list(memberships):
            raise response.raw.decode_error("each group should have 'id' and a list 'my_memberships'")
        active = (each for each in memberships if is_object(each) and each.get("status") == "active")
        roles[group_id.lower()] = frozenset(str(each.get("role")) for each in active)
    return roles


def check_role(role: str) -> None:
    """
    Check the name of a role.

    Raises:
        GlobusSDKUsageError: There is no such role.
    """
    if role not in _SUFFICIENT:
        raise refusal("role", role, f"one of {', '.join(map(repr, _SUFFICIENT))}")


async def require_membership(group_id: str, role: Role, username: str, roles: Awaitable[Roles]) -> None:
    """
    Require that a user is a member of a group.

    Args:
        group_id: The group.
        role: The role that the user must have, or one that includes it.
        username: The user, for the refusal.
        roles: Fetches the roles of the user.

    Raises:
        HTTPException: 403, the user is no member; 503, the groups of the user could not be fetched.
        GlobusError: The user must log in again or consent, or the application is registered wrongly.
    """
    try:
        found = await roles
    except GlobusError as error:
        is_mistake = isinstance(error, GlobusSDKUsageError) and not isinstance(error, ClientClosedError)
        if is_mistake or isinstance(error, ApplicationRefused) or error_response(error).status_code < 500:
            raise
        _log.error("the groups of a user could not be fetched: %s: %s", type(error).__name__, error)
        failure = unavailable(error, "Group memberships are temporarily unavailable")
    else:
        if found.get(group_id, frozenset()).isdisjoint(_SUFFICIENT[role]):
            needed = " or ".join(_SUFFICIENT[role])
            raise HTTPException(403, f"{username} must be {needed} of the Globus group {group_id}")
        return
    raise failure
