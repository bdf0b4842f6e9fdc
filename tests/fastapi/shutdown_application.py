"""An application with everything that a shutdown may meet; run by a real server in `test_shutdown`."""

# no `from __future__ import annotations`: FastAPI reads the annotations of dependencies at run time

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Annotated

from fastapi import Depends, FastAPI, WebSocket, WebSocketDisconnect
from fastapi.responses import StreamingResponse

from globus_async import TransferClient
from globus_async.fastapi import (
    CancelOnDisconnect,
    GlobusBackend,
    GlobusLogin,
    Readiness,
    Session,
    SQLiteSessionStore,
    add_error_handlers,
)

KEY = "a-random-text-of-43-characters-of-the-portal"

globus = GlobusBackend(os.environ["APP_CLIENT_ID"], os.environ["APP_CLIENT_SECRET"], rate_limit=None)
store = SQLiteSessionStore(os.environ["APP_SESSIONS"], key=KEY)
login = GlobusLogin(globus, public_url=os.environ["APP_URL"], store=store, key=KEY)
readiness = Readiness(globus, login, drain_seconds=float(os.environ["APP_DRAIN_SECONDS"]))


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    async with store, globus.lifespan(app):
        yield


app = FastAPI(lifespan=lifespan)
app.include_router(login.router)
app.include_router(readiness.router)
app.add_middleware(CancelOnDisconnect)
add_error_handlers(app)


@app.get("/session")
async def session(session: Annotated[Session, Depends(login.session)]) -> str:
    return session.csrf_token.reveal()


@app.get("/tasks")
async def tasks(tc: Annotated[TransferClient, Depends(login.client(TransferClient))]) -> int:
    return len([task async for task in tc.task_list(num_results=None)])


@app.get("/events", dependencies=[Depends(login.session)])
async def events() -> StreamingResponse:
    async def stream() -> AsyncGenerator[str]:
        number = 0
        while not readiness.shutdown.is_set():
            yield f"data: {number}\n\n"
            number += 1
            with suppress(TimeoutError):
                async with asyncio.timeout(0.05):
                    await readiness.shutdown.wait()
        yield "data: end\n\n"

    return StreamingResponse(stream(), media_type="text/event-stream")


@app.websocket("/watch")
async def watch(socket: WebSocket, _: Annotated[Session, Depends(login.session)]) -> None:
    await socket.accept()
    await socket.send_text("watching")
    with suppress(WebSocketDisconnect):
        while True:
            await socket.receive_text()
