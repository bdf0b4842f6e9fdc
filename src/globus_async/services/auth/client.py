"""The client of Globus Auth, put together from its resources."""

from __future__ import annotations

from .clients import ClientMethods
from .identities import IdentityMethods
from .policies import PolicyMethods
from .projects import ProjectMethods
from .scopes import ScopeMethods

__all__ = ("AuthClient",)


class AuthClient(IdentityMethods, ProjectMethods, PolicyMethods, ClientMethods, ScopeMethods):
    """
    A client of Globus Auth that calls on behalf of a user, or of a registered client.

    Args:
        client_id: The registered client's UUID; needed to check id_tokens.
        authorizer: Supplies the ``Authorization`` header.
        environment: Which Globus to talk to; the default is ``GLOBUS_SDK_ENVIRONMENT`` or ``production``.
        base_url: The service's address, instead of the environment's.
        app_name: Told to the service in the ``User-Agent``.
        transport: A transport to share; without one the client makes its own and closes it.
        retry: When calls are sent again.
        rate_limit: How many calls may go out, counted together for all clients that share authorizer and transport; the
            default is no limit.

    Example:
        >>> async with AuthClient(authorizer=AccessTokenAuthorizer(auth_token), transport=transport) as ac:
        ...     info = await ac.userinfo()
    """
