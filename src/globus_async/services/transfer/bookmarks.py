"""Bookmarks: named paths on collections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..._http.path import fill_path
from ...client import BaseClient
from ...paging import Pages, single
from .documents import BookmarkDocument, ResultDocument

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("BookmarkMethods",)


class BookmarkMethods(BaseClient):
    """Bookmarks."""

    def bookmark_list(self, *, query_params: Mapping[str, object] | None = None) -> Pages[BookmarkDocument]:
        """
        List your bookmarks.

        Args:
            query_params: Further query parameters.

        Returns:
            The listing, which has one page.

        Example:
            >>> [bookmark["name"] for bookmark in await tc.bookmark_list()]
            ['results']

        REST: `GET /v0.10/bookmark_list
        <https://docs.globus.org/api/transfer/collection_bookmarks/#get_list_of_bookmarks>`_
        """
        return self.listing("/v0.10/bookmark_list", BookmarkDocument, style=single, query_params=query_params)

    async def create_bookmark(
        self, bookmark_data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[BookmarkDocument]:
        """
        Create a bookmark.

        Args:
            bookmark_data: A ``bookmark`` document: ``name`` (unique among yours), ``endpoint_id`` and ``path``.
            query_params: Further query parameters.

        Returns:
            The new bookmark document, with its ``id``.

        Raises:
            Conflict: 409; you have a bookmark of that name.

        Example:
            >>> bookmark = await tc.create_bookmark({"name": "home", "endpoint_id": endpoint_id, "path": "/~/"})
            >>> bookmark["name"]
            'home'

        REST: `POST /v0.10/bookmark <https://docs.globus.org/api/transfer/collection_bookmarks/#create_bookmark>`_
        """
        return await self.call(
            "POST", "/v0.10/bookmark", BookmarkDocument, data=bookmark_data, query_params=query_params
        )

    async def get_bookmark(
        self, bookmark_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[BookmarkDocument]:
        """
        Fetch a bookmark.

        Args:
            bookmark_id: The bookmark. UUID.
            query_params: Further query parameters.

        Returns:
            The bookmark document.

        Raises:
            NotFound: 404 ``BookmarkNotFound``.

        Example:
            >>> bookmark = await tc.get_bookmark(bookmark_id)
            >>> bookmark["path"]
            '/project1/'

        REST: `GET /v0.10/bookmark/<bookmark_id>
        <https://docs.globus.org/api/transfer/collection_bookmarks/#get_bookmark_by_id>`_
        """
        return await self.call(
            "GET", fill_path("/v0.10/bookmark/{bookmark_id}", bookmark_id), BookmarkDocument, query_params=query_params
        )

    async def update_bookmark(
        self,
        bookmark_id: UUID | str,
        bookmark_data: Mapping[str, Any],
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[BookmarkDocument]:
        """
        Rename or pin a bookmark.

        Args:
            bookmark_id: The bookmark. UUID.
            bookmark_data: The members to change; only ``name`` and ``pinned`` can be changed.
            query_params: Further query parameters.

        Returns:
            The changed bookmark document.

        Raises:
            NotFound: 404 ``BookmarkNotFound``.

        Example:
            >>> bookmark = await tc.update_bookmark(bookmark_id, {"name": "final results"})
            >>> bookmark["name"]
            'final results'

        REST: `PUT /v0.10/bookmark/<bookmark_id>
        <https://docs.globus.org/api/transfer/collection_bookmarks/#update_bookmark>`_
        """
        return await self.call(
            "PUT",
            fill_path("/v0.10/bookmark/{bookmark_id}", bookmark_id),
            BookmarkDocument,
            data=bookmark_data,
            query_params=query_params,
        )

    async def delete_bookmark(
        self, bookmark_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[ResultDocument]:
        """
        Delete a bookmark.

        Args:
            bookmark_id: The bookmark. UUID.
            query_params: Further query parameters.

        Returns:
            A result with ``code`` ``"Deleted"``.

        Raises:
            NotFound: 404 ``BookmarkNotFound``, also if an earlier attempt of the same call has deleted it.

        Example:
            >>> result = await tc.delete_bookmark(bookmark_id)
            >>> result["code"]
            'Deleted'

        REST: `DELETE /v0.10/bookmark/<bookmark_id>
        <https://docs.globus.org/api/transfer/collection_bookmarks/#delete_bookmark_by_id>`_
        """
        return await self.call(
            "DELETE", fill_path("/v0.10/bookmark/{bookmark_id}", bookmark_id), ResultDocument, query_params=query_params
        )
