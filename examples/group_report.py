"""
A table of your groups: members, roles, pending requests and invitations.

Usage: GLOBUS_ACCESS_TOKEN=... python examples/group_report.py

The token needs the scope of Globus Groups to see your groups. Members are listed where you may see them.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from globus_async import AccessTokenAuthorizer, GroupsClient, PermissionDenied, bulk

if TYPE_CHECKING:
    from globus_async.services.groups.documents import GroupDocument, MembershipDocument


def people(memberships: list[MembershipDocument], role: str) -> str:
    """Name the active members with a role; more than three are counted."""
    names = sorted(each["username"] for each in memberships if each["status"] == "active" and each["role"] == role)
    return ", ".join(names) if len(names) <= 3 else f"{len(names)} people"


def row(group: GroupDocument, pending: int | None, invited: int | None) -> list[str]:
    """Return the row of a group: the numbers are those of a group that you manage."""
    own = ", ".join(sorted({each["role"] for each in group.get("my_memberships") or []}))
    memberships = group.get("memberships") or []
    columns = [people(memberships, role) for role in ("admin", "manager", "member")]
    return [group["name"], own, *columns, *("" if count is None else str(count) for count in (pending, invited))]


async def main() -> None:
    """Fetch the groups, the counts of those that you manage, and the members of each, ten at a time."""
    authorizer = AccessTokenAuthorizer(os.environ["GLOBUS_ACCESS_TOKEN"])
    console = Console(stderr=True)
    async with GroupsClient(authorizer=authorizer) as gc:
        groups, counts = await asyncio.gather(gc.get_my_groups(), gc.get_group_statuses())
        table = Table("Group", "Your role", "Administrators", "Managers", "Members", "Pending", "Invited")
        roles: Counter[str] = Counter()

        async def complete(group: GroupDocument) -> GroupDocument:
            try:
                return (await gc.get_group(group["id"], include=["memberships", "my_memberships"])).data
            except PermissionDenied:  # only managers see the members of this group
                return group

        with Progress(console=console) as progress:
            bar = progress.add_task("groups", total=len(groups))
            async with bulk(complete, groups, concurrency=10, ordered=True) as outcomes:
                async for outcome in outcomes:
                    group = outcome.value
                    found = counts.get(group["id"], {})  # of those that you manage
                    table.add_row(*row(group, found.get("pending"), found.get("invited")))
                    roles.update(each["role"] for each in group.get("my_memberships") or [])
                    progress.advance(bar)
    Console().print(table)
    console.print(", ".join(f"{role} of {roles[role]}" for role in sorted(roles)) or "no groups")


if __name__ == "__main__":
    asyncio.run(main())
