"""Bookmarks, in version 2 of the Transfer API: their path can be changed, and they have their collections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path
from ...client import BaseClient
from ...errors.arguments import check_type
from ...paging import Pages, json_api
from ..transfer.page_sizes import page_size
from .documents import BookmarkDeletedEnvelope, BookmarkEnvelope, BookmarkResourceDocument

if TYPE_CHECKING:
    from ...response import GlobusHTTPResponse

__all__ = ("BookmarkMethodsV2",)


class BookmarkMethodsV2(BaseClient):
    """Bookmarks: names for paths on collections."""

    async def create_bookmark(
        self, data: Mapping[str, Any], *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[BookmarkEnvelope]:
        """
        Create a bookmark.

        Args:
            data: A `BookmarkCreateDocument`, or a dict of the same form.
            query_params: Further query parameters.

        Returns:
            The bookmark, in ``data``.

        Raises:
            Conflict: 409; you have a bookmark of this name.
            EndpointNotFound: 404; no such collection.
            TransferAPIError: 422; the document is not valid.
            NetworkError: If its ``maybe_executed`` is true, the bookmark may exist: check before you try again.

        Example:
            >>> response = await tc.create_bookmark(BookmarkCreateDocument(endpoint_id, "results", "/results/"))
            >>> response["data"]["attributes"]["name"]
            'results'

        **Differs from globus-sdk:** is not sent again after a failure.

        REST: `POST /v2/bookmarks <https://docs.globus.org/api/transfer/>`_
        """
        check_type("data", data, Mapping, "a document such as BookmarkCreateDocument(...)")
        return await self.call("POST", "/v2/bookmarks", BookmarkEnvelope, data=data, query_params=query_params)

    async def update_bookmark(
        self,
        bookmark_id: UUID | str,
        update_document: Mapping[str, Any],
        *,
        query_params: Mapping[str, object] | None = None,
    ) -> GlobusHTTPResponse[BookmarkEnvelope]:
        """
        Change the name or the path of a bookmark.

        Args:
            bookmark_id: The bookmark. UUID.
            update_document: A `BookmarkUpdateDocument`, or a dict of the same form.
            query_params: Further query parameters.

        Returns:
            The bookmark, in ``data``.

        Raises:
            NotFound: 404.
            Conflict: 409; you have another bookmark of this name.
            TransferAPIError: 422; the document is not valid.
            NetworkError: If its ``maybe_executed`` is true, the bookmark may be changed.

        Example:
            >>> response = await tc.update_bookmark(bookmark_id, BookmarkUpdateDocument(path="/other/"))
            >>> response["data"]["attributes"]["path"]
            '/other/'

        REST: `PATCH /v2/bookmarks/<bookmark_id> <https://docs.globus.org/api/transfer/>`_
        """
        check_type("update_document", update_document, Mapping, "a document such as BookmarkUpdateDocument(...)")
        return await self.call(
            "PATCH",
            fill_path("/v2/bookmarks/{bookmark_id}", bookmark_id),
            BookmarkEnvelope,
            data=update_document,
            query_params=query_params,
        )

    async def get_bookmark(
        self, bookmark_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[BookmarkEnvelope]:
        """
        Fetch a bookmark, with its collection in ``included``.

        Args:
            bookmark_id: The bookmark. UUID.
            query_params: Further query parameters.

        Returns:
            The bookmark, in ``data``.

        Raises:
            NotFound: 404.

        Example:
            >>> response = await tc.get_bookmark(bookmark_id)
            >>> response["data"]["attributes"]["name"], response["included"][0]["attributes"]["display_name"]
            ('home', 'Lab storage')

        REST: `GET /v2/bookmarks/<bookmark_id> <https://docs.globus.org/api/transfer/>`_
        """
        return await self.call(
            "GET", fill_path("/v2/bookmarks/{bookmark_id}", bookmark_id), BookmarkEnvelope, query_params=query_params
        )

    async def delete_bookmark(
        self, bookmark_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> GlobusHTTPResponse[BookmarkDeletedEnvelope]:
        """
        Delete a bookmark.

        Args:
            bookmark_id: The bookmark. UUID.
            query_params: Further query parameters.

        Returns:
            A response with metadata only.

        Raises:
            NotFound: 404, also if an earlier attempt of the same call has deleted it.

        Example:
            >>> sorted((await tc.delete_bookmark(bookmark_id)).data)
            ['meta']

        REST: `DELETE /v2/bookmarks/<bookmark_id> <https://docs.globus.org/api/transfer/>`_
        """
        return await self.call(
            "DELETE",
            fill_path("/v2/bookmarks/{bookmark_id}", bookmark_id),
            BookmarkDeletedEnvelope,
            query_params=query_params,
        )

    def list_bookmarks(
        self,
        *,
        include: str | MissingType = MISSING,
        num_results: int | None = None,
        limit: int | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> Pages[BookmarkResourceDocument]:
        """
        List your bookmarks.

        Args:
            include: ``"collection"`` for the collections, in ``included`` of each page.
            num_results: Maximum number of items; ``None`` for all.
            limit: Items per page. By default the service's page size.
            query_params: Further query parameters.

        Returns:
            The listing: ``async for`` yields the bookmarks, ``await`` returns the first page.

        Example:
            >>> [bookmark["attributes"]["name"] async for bookmark in tc.list_bookmarks()]
            ['home']
            >>> (await tc.list_bookmarks(include="collection"))["included"][0]["attributes"]["display_name"]
            'Lab storage'

        **Differs from globus-sdk:** returns a listing; iterating fetches all pages.

        REST: `GET /v2/bookmarks <https://docs.globus.org/api/transfer/>`_
        """
        return self.listing(
            "/v2/bookmarks",
            BookmarkResourceDocument,
            style=json_api,
            params={"include": include},
            query_params=query_params,
            num_results=num_results,
            page_size=page_size(limit),
            items_key="data",
        )
