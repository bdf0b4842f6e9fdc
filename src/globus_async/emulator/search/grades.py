"""How the responses of the operations are known."""

from __future__ import annotations

from typing import Final

from ..kit.grades import graded

__all__ = ("GRADES",)

GRADES: Final = graded(
    "recorded",
    recorded=(
        "POST /v1/index",
        "GET /v1/index/{index_id}",
        "PATCH /v1/index/{index_id}",
        "DELETE /v1/index/{index_id}",
        "POST /v1/index/{index_id}/reopen",
        "GET /v1/index_list",
        "GET /v1/index/{index_id}/search",
        "POST /v1/index/{index_id}/search",
        "GET /v1/index/{index_id}/subject",
        "POST /v1/index/{index_id}/ingest",
        "POST /v1/index/{index_id}/batch_delete_by_subject",
        "GET /v1/task/{task_id}",
        "GET /v1/task_list/{index_id}",
        "POST /v1/index/{index_id}/role",
        "GET /v1/index/{index_id}/role_list",
        "DELETE /v1/index/{index_id}/role/{role_id}",
    ),
    documented=(
        "POST /v1/index/{index_id}/scroll",
        "GET /v1/index/{index_id}/entry",
        "POST /v1/index/{index_id}/entry",
        "PUT /v1/index/{index_id}/entry",
        "DELETE /v1/index/{index_id}/entry",
        "DELETE /v1/index/{index_id}/subject",
        "POST /v1/index/{index_id}/delete_by_query",
        "GET /beta/index/{index_id}/field_budget",
    ),
    inferred=(
        "GET /beta/index/{index_id}/mapping",
        "GET /beta/index/{index_id}/mapping/{field_name}",
    ),
)
