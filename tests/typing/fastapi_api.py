"""What type checkers make of the parts for FastAPI; never run."""

from __future__ import annotations

from typing import assert_type
from uuid import UUID

from fastapi import Request
from fastapi.responses import JSONResponse, RedirectResponse

from globus_async import AuthClient, GlobusError, Secret, TransferClient
from globus_async.fastapi import (
    GlobusBackend,
    GlobusLogin,
    LinkedIdentity,
    MemorySessionStore,
    Principal,
    Session,
    SessionStore,
    SQLiteSessionStore,
    error_response,
)
from globus_async.scopes import TransferScopes


async def backend(globus: GlobusBackend, user: Principal) -> None:
    """A client is of the requested class."""
    assert_type(globus.client_for(TransferClient, user, TransferScopes.all), TransferClient)
    assert_type(globus.own_client(AuthClient, "openid"), AuthClient)
    assert_type(await globus.introspect(Secret("x")), Principal | None)
    assert_type(user.id, UUID)
    assert_type(user.identities, tuple[LinkedIdentity, ...])
    assert_type(user.identity_ids, frozenset[UUID])
    assert_type(user.scopes, frozenset[str])


async def login(door: GlobusLogin, request: Request, session: Session) -> None:
    """A session tells who, and gives clients."""
    assert_type(await door.optional_session(request), Session | None)
    assert_type(await door.client_for(TransferClient, session), TransferClient)
    assert_type(await door.client(TransferClient)(session), TransferClient)
    assert_type(await door.begin(request), RedirectResponse)
    assert_type(session.csrf_token, Secret)


def others(error: GlobusError) -> None:
    """The stores are stores."""
    store: SessionStore = MemorySessionStore()
    store = SQLiteSessionStore("sessions.db")
    assert_type(error_response(error), JSONResponse)
    del store
