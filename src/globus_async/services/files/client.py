"""The client of the files of one collection, over HTTPS."""

from __future__ import annotations

from .trees import TreeMethods

__all__ = ("GCSCollectionClient",)


class GCSCollectionClient(TreeMethods):
    """
    A client of the files of one collection, over HTTPS: reads, downloads, uploads and deletes them.

    HTTPS has no listings and no directories: `TransferClient` has them. Collections of Globus Connect Server have
    HTTPS where their administrators enable it, those of Globus Connect Personal have not.

    Each method documents its specific errors. In addition every call may raise `GlobusSDKUsageError` for an invalid
    argument, before anything is sent; `TokenRefreshError` and `LoginRequired` if no access token is available;
    `NetworkError` if there is no usable response; and `FilesAPIError` for other error responses.

    Args:
        collection_id: The collection. UUID.
        collection_address: The URL of its HTTPS server, ``https_server`` of its `EndpointDocument`, or the host name.
        environment: The Globus environment. By default ``GLOBUS_SDK_ENVIRONMENT``, or ``production`` without it.
        base_url: The URL of the server as it is, instead of ``collection_address``.
        app: Supplies the credentials, instead of ``authorizer``, and the connections, unless there is a ``transport``.
            The scope of the collection is added to its requirements.
        app_scopes: The scopes to require of the app, instead of `default_scope_requirements`: with
            ``GCSCollectionScopes(collection_id).data_access`` in addition for mapped collections without high
            assurance.
        authorizer: Supplies the ``Authorization`` header, which is sent to this collection only; none for public
            collections.
        app_name: The application's name, for the ``User-Agent`` header.
        transport: A transport to share with other clients. By default the client creates its own and closes it.
        retry: The retry policy.
        rate_limit: The maximum rate of calls, shared by all clients with the same authorizer and transport; ``None``
            for no limit, which is the default.
        max_connections: The maximum number of connections to the server; many more exhaust it.

    Attributes:
        collection_id: The collection.

    Example:
        >>> async with GCSCollectionClient(
        ...     collection_id, https_server, authorizer=authorizer, transport=transport
        ... ) as client:
        ...     content = await client.read("/project/greeting.txt")
        >>> content
        b'Hello, world'
    """
