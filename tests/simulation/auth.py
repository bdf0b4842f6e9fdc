"""A simulated Globus Auth, which rotates refresh tokens and revokes a login if a replaced one is used."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from globus_async._http.headers import Headers
from globus_async._http.response import RawResponse
from globus_async.errors import GlobusAPIError, GlobusConnectionError, GlobusTimeoutError
from globus_async.secret import Secret
from tests.simulation.world import Process, World
from tests.toolkit.auth_clients import FakeResponse

__all__ = ("LIFETIME", "SCOPE", "SERVER", "AuthClient", "Login", "RefreshToken", "SimulatedAuth")

SERVER: Final = "transfer.api.globus.org"
SCOPE: Final = "all"
LIFETIME: Final = 1000.0
TOTAL_TIMEOUT: Final = 300.0
NEVER: Final = float("inf")


@dataclass(eq=False)
class Login:
    """A login, and all tokens that descend from it."""

    number: int
    is_revoked: bool = False


@dataclass(eq=False)
class RefreshToken:
    """A refresh token, the one that it has replaced, and those that have replaced it."""

    text: str
    login: Login
    depth: int
    replaced: RefreshToken | None
    successors: list[RefreshToken] = field(default_factory=list)
    used_successor: RefreshToken | None = None


@dataclass(eq=False, repr=False)
class SimulatedAuth:
    """
    Issues tokens; the same object for all processes.

    A replaced refresh token may be used again until one of its successors is used: its response may have been lost.
    After that its use, or that of another successor, revokes the login.

    Attributes:
        rotates: Whether a refresh returns a new refresh token.
        siblings: Whether a repeated refresh returns a further successor; else it returns the same one again.
        fault: Returns what happens to a request: ``""``, ``"unsent"``, ``"lost"``, ``"hangs"``, ``"doubled"``,
            ``"unusable"`` or ``"503"``.
    """

    world: World
    rotates: bool = True
    siblings: bool = False
    fault: Callable[[], str] = lambda: ""
    requests: int = 0
    newest_ends_at: float = 0.0
    """When the access token that was issued last expires; 0 if it was revoked."""
    tokens: dict[str, RefreshToken] = field(default_factory=dict)
    access: dict[str, tuple[float, Login]] = field(default_factory=dict)
    """The end of the lifetime of each access token, and its login."""
    logins: list[Login] = field(default_factory=list)

    def login(self) -> tuple[str, str]:
        """Log the user in; return an access token and a refresh token."""
        self.logins.append(Login(len(self.logins)))
        token = self._refresh_token(self.logins[-1], None)
        return self._access_token(self.logins[-1]), token.text

    def revoke_access(self) -> None:
        """Revoke all access tokens."""
        self.access.clear()
        self.newest_ends_at = 0.0

    def accepts(self, header: str) -> bool:
        """Return whether a service accepts a header now."""
        ends_at, login = self.access.get(header.removeprefix("Bearer "), (0.0, None))
        return login is not None and ends_at > self.world.now and not login.is_revoked

    def knows(self, header: str) -> bool:
        """Return whether a header has an access token that was not revoked; it may have expired."""
        return header.removeprefix("Bearer ") in self.access

    def works(self, refresh_token: str) -> bool:
        """Return whether a refresh with a token would succeed."""
        return self._refusal(self.tokens[refresh_token]) is None

    def refresh(self, text: str) -> dict[str, Any]:
        """Execute a token request."""
        self.requests += 1
        token = self.tokens[text]
        refusal = self._refusal(token)
        if refusal is not None:
            if refusal == "reused":
                token.login.is_revoked = True
                self.world.violated(
                    f"refresh token {text} was used although a successor of it, or of its predecessor, was"
                )
            raise _error(400, "invalid_grant")
        if token.replaced is not None:
            token.replaced.used_successor = token
        if not self.rotates:
            return self._document(token)
        if self.siblings or not token.successors:
            token.successors.append(self._refresh_token(token.login, token))
        return self._document(token.successors[-1])

    def client_credentials(self) -> dict[str, Any]:
        """Execute a token request of an application."""
        self.requests += 1
        document = self._document(self.tokens[next(iter(self.tokens))])
        return {name: value for name, value in document.items() if name != "refresh_token"}

    def _refusal(self, token: RefreshToken) -> str | None:
        if token.login.is_revoked:
            return "revoked"
        replaced = token.replaced
        if token.used_successor is not None or (replaced is not None and replaced.used_successor not in {None, token}):
            return "reused"
        return None

    def _document(self, token: RefreshToken) -> dict[str, Any]:
        return {
            "access_token": self._access_token(token.login),
            "refresh_token": token.text,
            "expires_in": LIFETIME,
            "resource_server": SERVER,
            "scope": SCOPE,
            "token_type": "Bearer",
            "other_tokens": [],
        }

    def _access_token(self, login: Login) -> str:
        text = f"at-{len(self.access)}-{self.requests}-{len(self.logins)}"
        self.newest_ends_at = self.world.now + LIFETIME
        self.access[text] = self.newest_ends_at, login
        return text

    def _refresh_token(self, login: Login, replaced: RefreshToken | None) -> RefreshToken:
        depth = 0 if replaced is None else replaced.depth + 1
        number = 0 if replaced is None else len(replaced.successors)
        token = RefreshToken(f"rt-{login.number}.{depth}.{len(self.tokens)}.{number}", login, depth, replaced)
        self.tokens[token.text] = token
        return token


class AuthClient:
    """
    The Auth client of one process.

    Args:
        auth: The service.
        process: The process, which stands for the transport.
        sends: Called when a request leaves the process, with the refresh token; ``None`` for an application.
        refused: Called when Auth refuses a refresh token.
        received: Called with the document of a response as the process gets it.
    """

    def __init__(
        self,
        auth: SimulatedAuth,
        process: Process,
        *,
        sends: Callable[[str | None], None] = lambda _: None,
        refused: Callable[[str], None] = lambda _: None,
        received: Callable[[dict[str, Any]], None] = lambda _: None,
    ) -> None:
        self.transport = process
        self._auth = auth
        self._sends = sends
        self._refused = refused
        self._received = received

    async def oauth2_refresh_token(self, refresh_token: Secret, /) -> FakeResponse:
        """Refresh a token."""
        text = refresh_token.reveal()

        def effect() -> dict[str, Any]:
            try:
                return self._auth.refresh(text)
            except GlobusAPIError:
                self._refused(text)
                raise

        return await self._call(text, effect)

    async def oauth2_client_credentials_tokens(self, requested_scopes: str, /) -> FakeResponse:
        """Request a token for the application."""
        return await self._call(None, self._auth.client_credentials)

    async def _call(self, refresh_token: str | None, effect: Callable[[], dict[str, Any]]) -> FakeResponse:
        world, fault = self._auth.world, self._auth.fault()
        await self.transport.sleep(world.random.uniform(0.01, 0.3))  # until the connection is made
        if fault == "unsent":
            raise GlobusConnectionError("no connection", stage="not sent")
        self._sends(refresh_token)
        before, after = world.random.uniform(0.01, 0.3), world.random.uniform(0.01, 0.3)
        execute: Callable[[], dict[str, Any]] = effect
        match fault:
            case "503":
                execute = _unavailable
            case "lost":
                execute = _without_response(effect)
            case "doubled":
                execute = _doubled(effect)
            case "unusable":
                execute = _without_access_token(effect)
            case "hangs":
                after = NEVER
            case _:
                pass
        try:
            async with self.transport.timeout(TOTAL_TIMEOUT):
                document = await world.call(self.transport, execute, before=before, after=after)
        except TimeoutError:
            raise GlobusTimeoutError("the total timeout expired", stage="no response") from None
        self._received(document)
        return FakeResponse(document)


def _unavailable() -> dict[str, Any]:
    raise _error(503, "unavailable")


def _without_response(effect: Callable[[], object]) -> Callable[[], dict[str, Any]]:
    def execute() -> dict[str, Any]:
        effect()
        raise GlobusConnectionError("the connection was lost", stage="no response")

    return execute


def _doubled(effect: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    def execute() -> dict[str, Any]:
        effect()
        return effect()

    return execute


def _without_access_token(effect: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    return lambda: {**effect(), "access_token": None}


def _error(status: int, code: str) -> GlobusAPIError:
    body = json.dumps({"error": code}).encode()
    return GlobusAPIError(
        RawResponse(method="POST", path="/v2/oauth2/token", status=status, reason="", headers=Headers([]), body=body)
    )
