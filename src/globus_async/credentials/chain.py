"""The first place that has credentials, and why the others have none."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, TypeAlias, cast

from .._single_flight import SingleFlight
from ..authorizers import GlobusAuthorizer, LoginAuthorizer
from ..errors import GlobusSDKUsageError
from ..errors.arguments import check_iterable, check_text, check_type
from ..scopes import ScopeParser, Scopes
from ..transport import Transport
from .source import CredentialSource, HasAuthorizers, NoCredentials

if TYPE_CHECKING:
    from typing_extensions import TypeIs

    from .._http.response import RawResponse
    from ..errors import GlobusError
    from ..secret import Secret

__all__ = ("CredentialChain", "CredentialReport")

_SEARCH: Final = "search for credentials"

_Found: TypeAlias = "tuple[GlobusAuthorizer, CredentialReport]"


@dataclass(frozen=True, slots=True)
class CredentialReport:
    """
    Where the credentials for a resource server come from. Its text has a line for each place.

    Attributes:
        resource_server: The resource server.
        source: The place whose credentials are used.
        skipped: The places before it, each with the reason why it has none.
    """

    resource_server: str
    source: CredentialSource | HasAuthorizers
    skipped: tuple[tuple[CredentialSource | HasAuthorizers, str], ...]

    def __str__(self) -> str:
        return f"{self.resource_server}: from {self.source!r}{_lines(self.skipped)}"


class CredentialChain:
    """
    Searches several places for credentials, and uses those of the first one that has some.

    A place whose credentials are incomplete or cannot be read is an error, and not skipped: otherwise a mistake would
    change which account is used. `report` says which place it is, and why those before it were skipped.

    Args:
        sources: The places, in order: `EnvironmentCredentials`, `StorageCredentials`, `GlobusCLICredentials`, a
            `CredentialSource` of your own, or an object with a method ``get_authorizer``, such as a `GlobusApp` with
            ``scope_requirements``, which logs the user in and is useful only as the last one.
        transport: Makes the token requests; by default one of its own, closed with the chain.

    Example:
        >>> chain = CredentialChain([EnvironmentCredentials({}), StorageCredentials(storage, auth_client)])
        >>> async with chain, TransferClient(authorizer=chain.get_authorizer("transfer.api.globus.org")) as tc:
        ...     print(await chain.report("transfer.api.globus.org"))
        transfer.api.globus.org: from <MemoryTokenStorage, namespace 'DEFAULT'>
          environment variables: none of GLOBUS_ASYNC_ACCESS_TOKEN_TRANSFER_API_GLOBUS_ORG, ... is set

    **Differs from globus-sdk:** new.
    """

    def __init__(
        self, sources: Iterable[CredentialSource | HasAuthorizers], *, transport: Transport | None = None
    ) -> None:
        check_iterable("sources", sources, Iterable, "a list of places with credentials")
        self.sources: tuple[CredentialSource | HasAuthorizers, ...] = tuple(sources)
        if not self.sources:
            raise GlobusSDKUsageError("sources is empty: name at least one place, such as EnvironmentCredentials()")
        for source in self.sources:
            if isinstance(source, type) or not (_is_source(source) or hasattr(source, "get_authorizer")):
                raise GlobusSDKUsageError(
                    "sources must be places with credentials, such as EnvironmentCredentials(), or a GlobusApp"
                )
        check_type("transport", transport, Transport | None, "a Transport")
        self._owns_transport = transport is None
        self.transport: Transport = Transport() if transport is None else transport
        self._authorizers: dict[tuple[str, str | None], _ChainAuthorizer] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {', '.join(map(repr, getattr(self, 'sources', ())))}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the transport, if the chain made it; idempotent. Places that were passed in are not closed."""
        if self._owns_transport:
            await self.transport.aclose()

    def get_authorizer(self, resource_server: str, scopes: Scopes | None = None) -> LoginAuthorizer:
        """
        Return the authorizer for a resource server, always the same. The places are searched at its first use.

        Args:
            resource_server: The resource server, such as ``"transfer.api.globus.org"``.
            scopes: The scopes that are needed. By default an application requests the usual ones of the resource
                server, and stored tokens are used whatever their scopes.
        """
        check_text("resource_server", resource_server)
        text = None if scopes is None else ScopeParser.serialize(scopes)
        key = (resource_server, text)
        if key not in self._authorizers:
            self._authorizers[key] = _ChainAuthorizer(self, resource_server, text)
        return self._authorizers[key]

    async def report(self, resource_server: str, scopes: Scopes | None = None) -> CredentialReport:
        """
        Return where the credentials for a resource server come from.

        Args:
            resource_server: The resource server.
            scopes: The scopes that are needed; see `get_authorizer`.

        Raises:
            NoCredentials: None of the places has credentials; the message has the reason of each.
            GlobusError: A place has credentials that cannot be used.
        """
        authorizer = cast("_ChainAuthorizer", self.get_authorizer(resource_server, scopes))
        return (await authorizer.found())[1]

    async def search(self, resource_server: str, scopes: str | None) -> _Found:
        """Search the places; see `report`."""
        skipped: list[tuple[CredentialSource | HasAuthorizers, str]] = []
        for source in self.sources:
            if not _is_source(source):
                authorizer = source.get_authorizer(resource_server)
                return authorizer, CredentialReport(resource_server, source, tuple(skipped))
            try:
                authorizer = await source.find(resource_server, scopes=scopes, transport=self.transport)
            except NoCredentials as error:
                skipped.append((source, str(error)))
            else:
                return authorizer, CredentialReport(resource_server, source, tuple(skipped))
        raise NoCredentials(f"there are no credentials for {resource_server}:{_lines(skipped)}")


class _ChainAuthorizer(LoginAuthorizer):
    """The authorizer of the first place that has credentials; it logs in as that one does."""

    def __init__(self, chain: CredentialChain, resource_server: str, scopes: str | None) -> None:
        self._chain = chain
        self._resource_server = resource_server
        self._scopes = scopes
        self._found: _Found | None = None
        self._searches: SingleFlight[_Found] = SingleFlight(_SEARCH)

    def __repr__(self) -> str:
        found = "not yet used" if self._found is None else f"from {self._found[1].source!r}"
        return f"<authorizer of a CredentialChain for {self._resource_server}, {found}>"

    async def found(self) -> _Found:
        """Return the authorizer and the report; search, if there is none yet."""
        if self._found is None:
            self._found = await self._searches.join(_SEARCH, self._search)
        return self._found

    async def _search(self) -> _Found:
        return await self._chain.search(self._resource_server, self._scopes)

    async def current_header(self) -> Secret:
        """
        Return the header without a login.

        Raises:
            NoCredentials: None of the places has credentials.
        """
        authorizer, report = await self.found()
        if isinstance(authorizer, LoginAuthorizer):
            return await authorizer.current_header()
        header = await authorizer.get_authorization_header()
        if header is None:
            raise NoCredentials(f"the authorizer from {report.source!r} has no credentials")
        return header

    def login_for(self, reason: RawResponse | GlobusError) -> Awaitable[None] | None:
        """Return the login of the authorizer after which another attempt may succeed."""
        return None if self._found is None else self._found[0].login_for(reason)

    def handle_missing_authorization(self, refused: Secret | None = None) -> bool:
        """Let the authorizer handle a refused token; the next call searches again if it cannot."""
        if self._found is None:
            return False
        if self._found[0].handle_missing_authorization(refused):
            return True
        self._found = None
        return False

    def is_refreshing(self) -> bool:
        """Return whether the current task is a token refresh."""
        return self._found is not None and self._found[0].is_refreshing()


def _is_source(source: CredentialSource | HasAuthorizers) -> TypeIs[CredentialSource]:
    return hasattr(source, "find")


def _lines(skipped: Iterable[tuple[CredentialSource | HasAuthorizers, str]]) -> str:
    return "".join(f"\n  {source!r}: {reason}" for source, reason in skipped)
