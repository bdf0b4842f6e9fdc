"""How the responses of Managers are known, operation by operation."""

from __future__ import annotations

from typing import Final

from ..kit.grades import graded

__all__ = ("GRADES",)

GRADES: Final = graded(
    "recorded",
    recorded=(
        "GET /api/info",
        "GET /api/endpoint",
        "PATCH /api/endpoint",
        "GET /api/collections",
        "GET /api/storage_gateways",
        "POST /api/storage_gateways",
        "GET /api/storage_gateways/{storage_gateway_id}",
        "PATCH /api/storage_gateways/{storage_gateway_id}",
        "DELETE /api/storage_gateways/{storage_gateway_id}",
        "GET /api/user_credentials",
        "POST /api/user_credentials",
        "GET /api/user_credentials/{user_credential_id}",
        "PATCH /api/user_credentials/{user_credential_id}",
        "DELETE /api/user_credentials/{user_credential_id}",
    ),
    documented=(
        "PUT /api/endpoint",
        "PUT /api/endpoint/owner",
        "PUT /api/endpoint/owner_string",
        "DELETE /api/endpoint/owner_string",
        "PUT /api/endpoint/subscription_id",
        "GET /api/endpoint/domain",
        "PUT /api/endpoint/domain",
        "DELETE /api/endpoint/domain",
        "POST /api/collections",
        "POST /api/collections/batch_delete",
        "GET /api/collections/{collection_id}",
        "PUT /api/collections/{collection_id}",
        "PATCH /api/collections/{collection_id}",
        "DELETE /api/collections/{collection_id}",
        "GET /api/collections/{collection_id}/domain",
        "PUT /api/collections/{collection_id}/domain",
        "DELETE /api/collections/{collection_id}/domain",
        "PUT /api/collections/{collection_id}/owner",
        "PUT /api/collections/{collection_id}/owner_string",
        "DELETE /api/collections/{collection_id}/owner_string",
        "PUT /api/collections/{collection_id}/subscription_admin_verified",
        "PUT /api/storage_gateways/{storage_gateway_id}",
        "GET /api/roles",
        "POST /api/roles",
        "GET /api/roles/{role_id}",
        "DELETE /api/roles/{role_id}",
        "GET /api/nodes",
        "POST /api/nodes",
        "GET /api/nodes/{node_id}",
        "PUT /api/nodes/{node_id}",
        "PATCH /api/nodes/{node_id}",
        "DELETE /api/nodes/{node_id}",
        "GET /api/stream_gateways",
        "POST /api/stream_gateways",
        "GET /api/stream_gateways/{stream_gateway_id}",
        "PATCH /api/stream_gateways/{stream_gateway_id}",
        "DELETE /api/stream_gateways/{stream_gateway_id}",
        "GET /api/sharing_policies",
        "POST /api/sharing_policies",
        "GET /api/sharing_policies/{sharing_policy_id}",
        "DELETE /api/sharing_policies/{sharing_policy_id}",
        "PUT /api/user_credentials/{user_credential_id}",
    ),
    inferred=(
        "GET /api/collections/check",
        "GET /api/collections/{collection_id}/check",
        "POST /api/lan_secrets",
        "DELETE /api/lan_secrets/{lan_secret_id}",
        "POST /api/v1/user_credentials",
        "GET /api/v1/authcallback",
        "GET /api/v1/authcallback_google",
        "GET /api/v1/authclicomplete",
    ),
)
"""From the fixtures of the official SDK, and the OpenAPI document of the Manager."""
