"""`AuthClient`, composed of one mixin per resource."""

from __future__ import annotations

from .clients import ClientMethods
from .identities import IdentityMethods
from .policies import PolicyMethods
from .projects import ProjectMethods
from .scopes import ScopeMethods

__all__ = ("AuthClient",)


class AuthClient(IdentityMethods, ProjectMethods, PolicyMethods, ClientMethods, ScopeMethods):
    """
    A client of Globus Auth that acts for a user, or for a registered client.

    Args:
        client_id: The registered client's UUID; required to validate id_tokens.
        authorizer: Supplies the ``Authorization`` header; may be shared by several clients.
        app: Supplies the credentials, instead of ``authorizer``, and the connections, unless there is a ``transport``.
            The scopes of the client are added to its requirements.
        app_scopes: The scopes to require of the app, instead of `default_scope_requirements`.
        environment: The Globus environment. By default ``GLOBUS_SDK_ENVIRONMENT``, or ``production`` without it.
        base_url: The URL of the service, instead of the environment's. Credentials are sent only to its origin.
        app_name: The application's name, for the ``User-Agent`` header.
        transport: A transport to share with other clients. By default the client creates its own and closes it.
        retry: The retry policy.
        rate_limit: The maximum rate of calls, shared by all clients with the same authorizer and transport. By default
            there is no limit.

    Example:
        >>> async with AuthClient(authorizer=AccessTokenAuthorizer(auth_token), transport=transport) as ac:
        ...     info = await ac.userinfo()
    """
