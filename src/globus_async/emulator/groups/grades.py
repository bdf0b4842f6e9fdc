"""How the responses of Groups are known, operation by operation."""

from __future__ import annotations

from typing import Final

from ..kit.grades import graded

__all__ = ("GRADES",)

GRADES: Final = graded(
    "documented",
    recorded=(
        "GET /v2/groups/my_groups",
        "POST /v2/groups",
        "GET /v2/groups/{group_id}",
        "DELETE /v2/groups/{group_id}",
        "POST /v2/groups/{group_id}",
        "GET /v2/groups/{group_id}/policies",
        "PUT /v2/groups/{group_id}/policies",
        "PUT /v2/groups/{group_id}/subscription_admin_verified",
        "GET /v2/subscription_info/{subscription_id}",
    ),
    documented=(
        "GET /v2/groups/statuses",
        "PUT /v2/groups/{group_id}",
        "GET /v2/groups/{group_id}/children",
        "GET /v2/groups/{group_id}/membership_fields",
        "PUT /v2/groups/{group_id}/membership_fields",
        "GET /v2/preferences",
        "PUT /v2/preferences",
    ),
)
"""From the fixtures of the official SDK and command-line program, and the service's own OpenAPI document."""
