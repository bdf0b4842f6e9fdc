"""Registered clients and their credentials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from ..._http.missing import MISSING, MissingType
from ..._http.path import fill_path
from ...errors import GlobusSDKUsageError
from ...errors.arguments import checked_members
from ...paging import Pages, single
from .data import Visibility, as_list, links
from .documents import ClientCredentialDocument, ClientDocument, ClientType
from .responses import ClientCredentialResponse, ClientResponse
from .tokens import AuthLoginClient

__all__ = ("ClientMethods",)


class ClientMethods(AuthLoginClient):
    """
    Clients and credentials.

    Calls require a token with the scope ``manage_projects``; a client may manage itself with its own credentials.
    """

    def get_clients(self, *, query_params: Mapping[str, object] | None = None) -> Pages[ClientDocument]:
        """
        List the clients of the projects that the user administers. There is one page.

        Args:
            query_params: Additional query parameters.

        Returns:
            The clients.

        Example:
            >>> [client["name"] async for client in ac.get_clients()]
            ['Engine portal']

        REST: `GET /v2/api/clients <https://docs.globus.org/api/auth/reference/#get_clients>`_
        """
        return self.listing(
            "/v2/api/clients", ClientDocument, style=single, query_params=query_params, items_key="clients"
        )

    async def get_client(
        self,
        *,
        client_id: UUID | str | MissingType = MISSING,
        fqdn: str | MissingType = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> ClientResponse:
        """
        Fetch a client by its id or by one of its domain names.

        Args:
            client_id: Its UUID.
            fqdn: A fully qualified domain name of the client.
            query_params: Additional query parameters.

        Returns:
            The client, under ``["client"]``.

        Raises:
            GlobusSDKUsageError: Both are given, or neither.
            NotFound: 404, it does not exist or the caller may not see it.

        Example:
            >>> (await ac.get_client(client_id=project_client_id))["client"]["name"]
            'Engine portal'

        REST: `GET /v2/api/clients/{id} <https://docs.globus.org/api/auth/reference/#get_clients>`_
        """
        if isinstance(client_id, MissingType) == isinstance(fqdn, MissingType):
            raise GlobusSDKUsageError("pass either client_id or fqdn")
        if isinstance(client_id, MissingType):
            return await self.call(
                "GET", "/v2/api/clients", ClientResponse, params={"fqdn": fqdn}, query_params=query_params
            )
        return await self.call(
            "GET", fill_path("/v2/api/clients/{client_id}", client_id), ClientResponse, query_params=query_params
        )

    async def create_client(
        self,
        name: str,
        project: UUID | str,
        *,
        public_client: bool | MissingType = MISSING,
        client_type: ClientType | MissingType = MISSING,
        visibility: Visibility | MissingType = MISSING,
        redirect_uris: Iterable[str] | MissingType = MISSING,
        terms_and_conditions: str | MissingType = MISSING,
        privacy_policy: str | MissingType = MISSING,
        required_idp: UUID | str | MissingType = MISSING,
        preselect_idp: UUID | str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> ClientResponse:
        """
        Register a client in a project. `create_client_credential` creates its secret.

        Args:
            name: The client's name, shown to users when they consent.
            project: The project's UUID.
            public_client: Whether it has no secret. Pass either this or ``client_type``.
            client_type: The type. It cannot be changed later.
            visibility: Who can see the client.
            redirect_uris: The allowed redirect URIs of logins.
            terms_and_conditions: The URL of a page shown to users; requires ``privacy_policy``.
            privacy_policy: The URL of a page shown to users; requires ``terms_and_conditions``.
            required_idp: The UUID of the only identity provider whose users may log in.
            preselect_idp: The UUID of the preselected identity provider.
            additional_fields: Additional members of the document.
            query_params: Additional query parameters.

        Returns:
            The new client, under ``["client"]``.

        Raises:
            GlobusSDKUsageError: Both ``public_client`` and ``client_type`` are given, or neither; or one of the two
                pages without the other.
            InvalidParameters: 400 or 422, a value is invalid; the message says which.

        Example:
            >>> made = await ac.create_client("Loom", project_id, client_type="confidential_client")
            >>> made["client"]["client_type"]
            'confidential_client'

        REST: `POST /v2/api/clients <https://docs.globus.org/api/auth/reference/#create_client>`_
        """
        client = _new_client(
            name,
            public_client=public_client,
            client_type=client_type,
            project=project,
            visibility=visibility,
            redirect_uris=as_list(redirect_uris),
            links=links(terms_and_conditions, privacy_policy),
            required_idp=required_idp,
            preselect_idp=preselect_idp,
        )
        return await self.call(
            "POST",
            "/v2/api/clients",
            ClientResponse,
            data={"client": {**client, **checked_members("additional_fields", additional_fields)}},
            query_params=query_params,
        )

    async def create_child_client(
        self,
        name: str,
        *,
        public_client: bool | MissingType = MISSING,
        client_type: ClientType | MissingType = MISSING,
        visibility: Visibility | MissingType = MISSING,
        redirect_uris: Iterable[str] | MissingType = MISSING,
        terms_and_conditions: str | MissingType = MISSING,
        privacy_policy: str | MissingType = MISSING,
        required_idp: UUID | str | MissingType = MISSING,
        preselect_idp: UUID | str | MissingType = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> ClientResponse:
        """
        Register a client as a child of this client. The call is authenticated with this client's own credentials.

        Args:
            name: The client's name, shown to users when they consent.
            public_client: Whether it has no secret. Pass either this or ``client_type``.
            client_type: The type. It cannot be changed later.
            visibility: Who can see the client.
            redirect_uris: The allowed redirect URIs of logins.
            terms_and_conditions: The URL of a page shown to users; requires ``privacy_policy``.
            privacy_policy: The URL of a page shown to users; requires ``terms_and_conditions``.
            required_idp: The UUID of the only identity provider whose users may log in.
            preselect_idp: The UUID of the preselected identity provider.
            additional_fields: Additional members of the document.
            query_params: Additional query parameters.

        Returns:
            The new client, under ``["client"]``.

        Raises:
            GlobusSDKUsageError: Both ``public_client`` and ``client_type`` are given, or neither; or one of the two
                pages without the other.
            InvalidClient: This client has no credentials, or wrong ones.

        Example:
            >>> made = await confidential_client.create_child_client("Loom", public_client=False)
            >>> made["client"]["parent_client"] == confidential_client.client_id
            True

        REST: `POST /v2/api/clients <https://docs.globus.org/api/auth/reference/#create_client>`_
        """
        client = _new_client(
            name,
            public_client=public_client,
            client_type=client_type,
            visibility=visibility,
            redirect_uris=as_list(redirect_uris),
            links=links(terms_and_conditions, privacy_policy),
            required_idp=required_idp,
            preselect_idp=preselect_idp,
        )
        return await self.call(
            "POST",
            "/v2/api/clients",
            ClientResponse,
            data={"client": {**client, **checked_members("additional_fields", additional_fields)}},
            query_params=query_params,
        )

    async def create_native_app_instance(
        self, template_id: UUID | str, name: str, *, query_params: Mapping[str, object] | None = None
    ) -> ClientResponse:
        """
        Register an installation of a native app as a separate client with its own secret.

        Args:
            template_id: The UUID of the app's template client.
            name: The name of the installation.
            query_params: Additional query parameters.

        Returns:
            The client. Its secret is under ``["included"]["client_credential"]["secret"]``, in this response only.

        Example:
            >>> made = await native_client.create_native_app_instance(template_id, "Ada's laptop")
            >>> made["client"]["parent_client"] == template_id
            True

        REST: `POST /v2/api/clients <https://docs.globus.org/api/auth/reference/#create_client>`_
        """
        client = {"name": name, "template_id": template_id}
        return await self.call(
            "POST", "/v2/api/clients", ClientResponse, data={"client": client}, query_params=query_params
        )

    async def update_client(
        self,
        client_id: UUID | str,
        *,
        name: str | MissingType = MISSING,
        visibility: Visibility | MissingType = MISSING,
        redirect_uris: Iterable[str] | MissingType = MISSING,
        terms_and_conditions: str | MissingType | None = MISSING,
        privacy_policy: str | MissingType | None = MISSING,
        required_idp: UUID | str | MissingType | None = MISSING,
        preselect_idp: UUID | str | MissingType | None = MISSING,
        additional_fields: Mapping[str, object] | MissingType | None = MISSING,
        query_params: Mapping[str, object] | None = None,
    ) -> ClientResponse:
        """
        Change a client. Omitted members stay unchanged; ``None`` removes a value.

        Args:
            client_id: Its UUID.
            name: The client's name, shown to users when they consent.
            visibility: Who can see the client.
            redirect_uris: The allowed redirect URIs of logins, replacing the present ones.
            terms_and_conditions: The URL of a page shown to users; requires ``privacy_policy``.
            privacy_policy: The URL of a page shown to users; requires ``terms_and_conditions``.
            required_idp: The UUID of the only identity provider whose users may log in.
            preselect_idp: The UUID of the preselected identity provider.
            additional_fields: Additional members of the document.
            query_params: Additional query parameters.

        Returns:
            The updated client, under ``["client"]``.

        Raises:
            GlobusSDKUsageError: One of the two pages is given without the other.
            NotFound: 404, it does not exist or the caller does not administer it.

        Example:
            >>> (await ac.update_client(project_client_id, name="Portal"))["client"]["name"]
            'Portal'

        REST: `PUT /v2/api/clients/{id} <https://docs.globus.org/api/auth/reference/#update_client>`_
        """
        client = {
            "name": name,
            "visibility": visibility,
            "redirect_uris": as_list(redirect_uris),
            "links": links(terms_and_conditions, privacy_policy),
            "required_idp": required_idp,
            "preselect_idp": preselect_idp,
            **checked_members("additional_fields", additional_fields),
        }
        return await self.call(
            "PUT",
            fill_path("/v2/api/clients/{client_id}", client_id),
            ClientResponse,
            data={"client": client},
            query_params=query_params,
        )

    async def delete_client(
        self, client_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> ClientResponse:
        """
        Delete a client, together with its tokens, consents and scopes.

        Args:
            client_id: Its UUID.
            query_params: Additional query parameters.

        Returns:
            The deleted client.

        Raises:
            NotFound: 404, it does not exist or the caller does not administer it.

        Example:
            >>> (await ac.delete_client(project_client_id))["client"]["id"] == project_client_id
            True

        REST: `DELETE /v2/api/clients/{id} <https://docs.globus.org/api/auth/reference/#delete_client>`_
        """
        return await self.call(
            "DELETE", fill_path("/v2/api/clients/{client_id}", client_id), ClientResponse, query_params=query_params
        )

    def get_client_credentials(
        self, client_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> Pages[ClientCredentialDocument]:
        """
        List a client's credentials, without their secrets. There is one page.

        Args:
            client_id: The client's UUID.
            query_params: Additional query parameters.

        Returns:
            The credentials.

        Raises:
            NotFound: 404, the client does not exist or the caller does not administer it.

        Example:
            >>> [credential["name"] async for credential in ac.get_client_credentials(project_client_id)]
            ['first']

        REST: `GET /v2/api/clients/{id}/credentials
        <https://docs.globus.org/api/auth/reference/#get_client_credentials>`_
        """
        return self.listing(
            fill_path("/v2/api/clients/{client_id}/credentials", client_id),
            ClientCredentialDocument,
            style=single,
            query_params=query_params,
            items_key="credentials",
        )

    async def create_client_credential(
        self, client_id: UUID | str, name: str, *, query_params: Mapping[str, object] | None = None
    ) -> ClientCredentialResponse:
        """
        Create a secret for a client.

        Args:
            client_id: The client's UUID.
            name: The name of the secret.
            query_params: Additional query parameters.

        Returns:
            The credential. Its secret is under ``["credential"]["secret"]``, in this response only.

        Raises:
            NotFound: 404, the client does not exist or the caller does not administer it.

        Example:
            >>> made = await ac.create_client_credential(project_client_id, "second")
            >>> made["credential"]["name"]
            'second'

        REST: `POST /v2/api/clients/{id}/credentials
        <https://docs.globus.org/api/auth/reference/#create_client_credential>`_
        """
        return await self.call(
            "POST",
            fill_path("/v2/api/clients/{client_id}/credentials", client_id),
            ClientCredentialResponse,
            data={"credential": {"name": name}},
            query_params=query_params,
        )

    async def delete_client_credential(
        self, client_id: UUID | str, credential_id: UUID | str, *, query_params: Mapping[str, object] | None = None
    ) -> ClientCredentialResponse:
        """
        Delete a client's secret. It is refused from then on.

        Args:
            client_id: The client's UUID.
            credential_id: The credential's UUID.
            query_params: Additional query parameters.

        Returns:
            The deleted credential, without its secret.

        Raises:
            NotFound: 404, the credential does not exist or the caller does not administer it.

        Example:
            >>> deleted = await ac.delete_client_credential(project_client_id, credential_id)
            >>> deleted["credential"]["id"] == credential_id
            True

        REST: `DELETE /v2/api/clients/{id}/credentials/{id}
        <https://docs.globus.org/api/auth/reference/#delete_client_credential>`_
        """
        return await self.call(
            "DELETE",
            fill_path("/v2/api/clients/{client_id}/credentials/{credential_id}", client_id, credential_id),
            ClientCredentialResponse,
            query_params=query_params,
        )


def _new_client(
    name: str, *, public_client: bool | MissingType, client_type: ClientType | MissingType, **members: object
) -> dict[str, object]:
    """Return the document of a new client."""
    if isinstance(public_client, MissingType) == isinstance(client_type, MissingType):
        raise GlobusSDKUsageError("pass either public_client or client_type")
    return {"name": name, "public_client": public_client, "client_type": client_type, **members}
