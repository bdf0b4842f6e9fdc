"""Typical mistakes of new users: each error says what was wrong, where, and what to write instead."""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import pytest

import globus_async
from globus_async import (
    AccessTokenAuthorizer,
    ConfidentialAppAuthClient,
    NativeAppAuthClient,
    Transport,
    UserApp,
    bulk,
)
from globus_async.services.transfer import DeleteData, TaskEndReason, TransferClient, TransferData
from globus_async.sync import blocking
from globus_async.testing import Collection, GlobusEmulator, MemoryStorage

UNKNOWN = "ddb59aef-6d04-11e5-ba46-22000b92c6ec"


@dataclass
class World:
    """A user with a collection, a token and a client."""

    emulator: GlobusEmulator
    lab: Collection
    token: str
    transport: Transport
    tc: TransferClient


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    async with GlobusEmulator() as emulator:
        user = emulator.add_identity("user@example.org")
        lab = emulator.add_collection("Lab storage", storage=MemoryStorage({"a.txt": "1"}))
        token, transport = emulator.access_token(user), emulator.transport()
        async with transport:
            tc = TransferClient(authorizer=AccessTokenAuthorizer(token), transport=transport)
            yield World(emulator, lab, token, transport, tc)


async def message_of(mistake: Callable[[], object]) -> str:
    """Return the class and text of the error that a mistake raises, with its notes, as Python shows it."""
    try:
        result = mistake()
        if isinstance(result, Awaitable):
            await result
    except Exception as error:  # noqa: BLE001 -- the errors are compared below
        notes: list[str] = getattr(error, "__notes__", [])
        return "\n".join([f"{type(error).__name__}: {error}", *notes])
    raise AssertionError(f"no error: {result!r}")


async def iterate(things: Any) -> None:
    async for _ in things:
        pass


def enter(thing: Any) -> None:
    with thing:
        pass


async def in_two_loops(world: World) -> None:
    """Use one client in the loop of this test and in another one, in a thread."""
    await world.tc.get_endpoint(world.lab.id)
    failures: list[Exception] = []

    async def use() -> None:
        await world.tc.get_endpoint(world.lab.id)

    def run() -> None:
        try:
            asyncio.run(use())
        except Exception as error:  # noqa: BLE001 -- raised below
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    await asyncio.to_thread(thread.join)
    raise failures[0]


async def closed(world: World) -> None:
    async with TransferClient(authorizer=AccessTokenAuthorizer(world.token)) as tc:
        pass
    await tc.get_endpoint(world.lab.id)


async def wrong_secret(world: World) -> None:
    client = world.emulator.add_client("Service", secret="right")
    await ConfidentialAppAuthClient(client.id, "wrong", transport=world.transport).oauth2_client_credentials_tokens()


async def value_of_a_failure(world: World) -> None:
    (outcome,) = await bulk(world.tc.get_endpoint, [UNKNOWN])
    outcome.value  # noqa: B018 -- the mistake


async def without_await(world: World) -> None:
    with contextlib.closing(world.tc.submit_transfer({})) as coroutine:  # closed, against a warning
        await world.tc.task_wait(coroutine)  # type: ignore[arg-type]


async def response_as_id(world: World) -> None:
    data = TransferData(world.lab.id, world.lab.id, items={"/a.txt": "/b.txt"})
    await world.tc.task_wait(await world.tc.submit_transfer(data))  # type: ignore[arg-type]


async def attribute_of_a_response(world: World) -> None:
    (await world.tc.get_endpoint(world.lab.id)).display_name  # type: ignore[attr-defined] # noqa: B018 -- the mistake


async def without_consent(world: World) -> None:
    private = world.emulator.add_collection("Private", storage=MemoryStorage({"x": "1"}), needs_data_access=True)
    await world.tc.operation_ls(private.id).list()


async def with_another_scope(world: World) -> None:
    authorizer = AccessTokenAuthorizer(world.emulator.access_token(scopes=["openid"]))
    await TransferClient(authorizer=authorizer, transport=world.transport).get_endpoint(world.lab.id)


async def login_without_a_terminal(world: World) -> None:
    app = UserApp("Nightly", client_id=world.emulator.add_client("Nightly").id, transport=world.transport)
    await app.login()


def naive_deadline(world: World) -> TransferData:
    deadline = datetime(2030, 1, 1)  # noqa: DTZ001 -- the mistake
    return TransferData(source_endpoint=world.lab.id, destination_endpoint=world.lab.id, deadline=deadline)


Mistake = Callable[[World], object]
MISTAKES: dict[str, tuple[Mistake, str]] = {
    "with": (
        lambda world: enter(TransferClient(transport=world.transport)),
        r"TypeError: use 'async with TransferClient\(\.\.\.\)', not 'with'; .*blocking\(\) of globus_async\.sync",
    ),
    "for over a listing": (
        lambda world: [*world.tc.task_list()],  # type: ignore[misc]
        "TypeError: use 'async for', not 'for': Pages",
    ),
    "subscript of a listing": (
        lambda world: world.tc.task_list()["total"],  # type: ignore[index]
        r"TypeError: await the Pages first: \(await \.\.\.\)\['total'\]",
    ),
    "attribute of a listing": (lambda world: world.tc.task_list().data, r"AttributeError: .*\(await \.\.\.\)\.data"),  # type: ignore[attr-defined]
    "for over a bulk": (
        lambda world: [*bulk(world.tc.get_endpoint, [UNKNOWN])],  # type: ignore[misc]
        "'async with bulk.*'async for outcome in outcomes:'",
    ),
    "async for over a bulk": (
        lambda world: iterate(bulk(world.tc.get_endpoint, [UNKNOWN])),
        "'async with bulk.*'async for outcome in outcomes:'",
    ),
    "one id for a bulk": (lambda world: bulk(world.tc.get_endpoint, UNKNOWN), "items is a single string; pass a list"),
    "a coroutine for a bulk": (
        lambda world: bulk(world.tc.task_list(), [UNKNOWN]),  # type: ignore[arg-type]
        "call must be a function, such as tc.get_endpoint without parentheses",
    ),
    "a function for a bulk": (
        lambda world: bulk(lambda item: item, [UNKNOWN]),  # type: ignore[arg-type,return-value]
        "TypeError: call must return an awaitable, as 'async def' does; got str",
    ),
    "an id for run_task": (
        lambda world: world.tc.run_task(UNKNOWN),  # type: ignore[arg-type]
        "a document must be a TransferData, a DeleteData or a dict of the same form; got a value of type str",
    ),
    "the value of a failed outcome": (value_of_a_failure, f"EndpointNotFound: 404 .*{UNKNOWN}"),
    "one client in two loops": (
        in_two_loops,
        r"WrongEventLoopError: .*another event loop; make one client per loop.*asyncio\.run\(\); .*globus_async\.sync",
    ),
    "a closed client": (
        closed,
        "ClientClosedError: this client, or the transport that it uses, has been closed; make a new one",
    ),
    "a token as authorizer": (
        lambda world: TransferClient(authorizer=world.token),  # type: ignore[arg-type]
        r"authorizer must be an authorizer, such as AccessTokenAuthorizer\(token\); got a value of type str",
    ),
    "no authorizer": (
        lambda world: TransferClient(transport=world.transport).get_endpoint(UNKNOWN),
        "AuthenticationFailed: 401 .*No credentials supplied.*the request had no credentials: .* app= or authorizer=",
    ),
    "a name as id": (
        lambda world: world.tc.get_endpoint("Lab storage"),
        "endpoint_id must be a UUID such as '.*', got 'Lab storage'",
    ),
    "no id": (lambda world: world.tc.get_endpoint(None), "endpoint_id must be a UUID such as '.*', got None"),  # type: ignore[arg-type]
    "a token of another service": (with_another_scope, "PermissionDenied: 403 .*does not have the scope 'urn:.*:all'"),
    "a missing consent": (without_consent, r"ConsentRequired: 403 .*; log in again, with the scopes .*data_access"),
    "a path of a missing folder": (
        lambda world: world.tc.operation_ls(world.lab.id, "data").list(),
        "NotFound: .*data",
    ),
    "a document without endpoints": (
        lambda world: world.tc.submit_transfer({"items": []}),
        "the transfer document has no source_endpoint",
    ),
    "a list as a transfer": (
        lambda world: world.tc.submit_transfer([("/a", "/b")]),  # type: ignore[arg-type]
        "a transfer document must be a TransferData, DeleteData or dict, got list",
    ),
    "a deadline without a time zone": (naive_deadline, r"deadline has no time zone; .*datetime\.now\(timezone\.utc\)"),
    "a number of retries": (
        lambda world: TransferClient(retry=3),  # type: ignore[arg-type]
        r"retry must be a RetryPolicy, such as RetryPolicy\(max_retries=3\); got 3",
    ),
    "a number as rate limit": (
        lambda world: TransferClient(rate_limit=20),  # type: ignore[arg-type]
        "rate_limit must be a RateLimit, or None for no limit; got 20",
    ),
    "a timeout of a method": (
        lambda world: world.tc.get_endpoint(UNKNOWN, timeout=5),  # type: ignore[call-arg]
        r"TypeError: .*get_endpoint\(\) got an unexpected keyword argument 'timeout'",
    ),
    "a client of httpx as transport": (
        lambda world: TransferClient(transport=httpx.AsyncClient()),  # type: ignore[arg-type]
        r"transport must be a Transport, such as Transport\(http_client=\.\.\.\); got a value of type AsyncClient",
    ),
    "a synchronous client of httpx": (
        lambda world: Transport(http_client=httpx.Client()),  # type: ignore[arg-type]
        r"http_client must be an httpx\.AsyncClient.*; got a value of type Client",
    ),
    "an unknown environment": (
        lambda world: TransferClient(environment="produciton"),
        "unknown environment 'produciton'; use one of .*production",
    ),
    "an address without a scheme": (
        lambda world: TransferClient(base_url="transfer.api.globus.org"),
        "base_url must be an absolute URL such as 'https://",
    ),
    "paginated": (lambda world: world.tc.paginated, "globus-sdk's 'paginated': .*use 'async for"),  # type: ignore[attr-defined]
    "close": (lambda world: world.tc.close(), "globus-sdk's 'close': use 'async with'"),  # type: ignore[attr-defined]
    "a class that is not here": (
        lambda world: globus_async.RetryConfig,  # type: ignore[attr-defined]
        "retries are set with retry=RetryPolicy",
    ),
    "an app without a client": (
        lambda world: UserApp("ddb59aef-6d04-11e5-ba46-22000b92c6ec"),
        "UserApp requires client_id=.*; its first argument is the name of the app",
    ),
    "no secret": (
        lambda world: ConfidentialAppAuthClient(UNKNOWN, None),  # type: ignore[arg-type]
        "client_secret must be text",
    ),
    "a wrong secret": (
        wrong_secret,
        r"InvalidClient: 401 invalid_client.*; check the client's id and secret, .*app\.globus\.org/settings",
    ),
    "a login without a terminal": (
        login_without_a_terminal,
        "no terminal at which to enter an authorization code.*LocalServerLoginFlowManager; .*ClientApp",
    ),
    "an id that was not awaited": (
        without_await,
        "task_id must be a UUID .*, got <coroutine object .*submit_transfer.*; await it first",
    ),
    "a response as id": (response_as_id, r"task_id must be a UUID .*, got Globus.*pass the id .*response\['task_id'\]"),
    "a document as id": (
        lambda world: world.tc.wait_for_task({"task_id": UNKNOWN}),  # type: ignore[arg-type]
        r"task_id must be a UUID .*pass the id .*response\['task_id'\]",
    ),
    "a member as attribute": (
        attribute_of_a_response,
        r"AttributeError: 'GlobusHTTPResponse' object has no attribute 'display_name'; .*\['display_name'\]",
    ),
    "pairs for run_task": (
        lambda world: world.tc.run_task([("/a", "/b")]),  # type: ignore[arg-type]
        "a document must be a TransferData, a DeleteData or a dict of the same form; got a value of type list",
    ),
    "a deletion for submit_transfer": (
        lambda world: world.tc.submit_transfer(DeleteData(UNKNOWN, items=["/a"])),
        "this is a delete document, not a transfer document; use submit_delete",
    ),
    "a mapping of a path to delete": (
        lambda _: DeleteData(UNKNOWN, items={"path": "/a"}),
        "items is a single mapping; pass a list of paths",
    ),
    "a coroutine function as progress": (
        lambda world: world.tc.run_task(TransferData(UNKNOWN, UNKNOWN, items={"/a": "/b"}), progress=iterate),
        "progress must be a plain function, which is not awaited: write def, not async def",
    ),
    "a number as filter": (
        lambda world: world.tc.operation_ls(world.lab.id, filter=5),  # type: ignore[arg-type]
        "filter must be text or a mapping, or several of these; got 5",
    ),
    "a blocking client of a client": (
        lambda world: blocking(world.tc),  # type: ignore[call-overload]
        r"client_class must be a class, .*blocking\(TransferClient, authorizer=.*; got a value of type TransferClient",
    ),
    "a name as client id": (
        lambda _: NativeAppAuthClient("My app"),
        "client_id must be the UUID of the registered client, not a name",
    ),
    "no results": (
        lambda world: world.tc.task_list(num_results=0),
        "num_results must be a whole number, 1 or more, or None for no limit",
    ),
    "a state instead of a document": (
        lambda world: world.tc.update_tunnel(UNKNOWN, "STOPPING"),  # type: ignore[arg-type]
        r"update_doc must be a document such as TunnelUpdateDocument\(\.\.\.\); got a value of type str",
    ),
    "an empty page": (
        lambda world: world.tc.list_tunnels(limit=0),
        "the page size must be a whole number, 1 or more, or None for that of the service",
    ),
    "no number of pages": (
        lambda world: world.tc.task_list().concurrency(None),  # type: ignore[arg-type]
        "the number of pages at a time must be a whole number, 1 or more$",
    ),
    "a wrong kind of app": (
        lambda world: TransferClient(app=NativeAppAuthClient(UNKNOWN)),  # type: ignore[arg-type]
        r"app must be a GlobusApp, such as UserApp\(app_name, client_id=\.\.\.\); got a value of type NativeApp",
    ),
}
"""Each mistake, and the essentials of its message."""


@pytest.mark.parametrize("name", MISTAKES)
async def test_the_error_of_a_mistake(name: str, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the argument or method, and the remedy; it is no internal error."""
    monkeypatch.setattr(sys, "stdin", io.StringIO())  # of a process in the background
    mistake, essentials = MISTAKES[name]
    message = await message_of(lambda: mistake(world))
    assert re.search(essentials, message, re.DOTALL), message
    assert world.token not in message


async def test_a_token_that_was_refused_is_no_missing_one(world: World) -> None:
    """The hint to give a client credentials is for one that has none."""
    client = TransferClient(authorizer=AccessTokenAuthorizer("AgWrong"), transport=world.transport)
    message = await message_of(lambda: client.get_endpoint(UNKNOWN))
    assert message.startswith("AuthenticationFailed: 401"), message
    assert "no credentials" not in message


def test_a_misspelled_name_has_a_suggestion() -> None:
    """Python suggests a name for an error that has the name and the module: "Did you mean: 'TransferClient'?"."""
    with pytest.raises(AttributeError) as caught:
        globus_async.TransferCleint  # type: ignore[attr-defined] # noqa: B018 -- the mistake
    assert (caught.value.name, caught.value.obj) == ("TransferCleint", globus_async)


async def test_a_forgotten_await_names_the_method(world: World) -> None:
    """It is Python's own error; the warning has the method and the line."""
    with pytest.warns(RuntimeWarning, match=r"get_endpoint' was never awaited"):  # noqa: SIM117 -- the warning comes last
        with pytest.raises(TypeError, match="'coroutine' object is not subscriptable"):
            world.tc.get_endpoint(world.lab.id)["id"]  # type: ignore[index]


async def test_an_inactive_task_says_why(world: World) -> None:
    """Its outcome has the reason and the code, so that a wait that ends is not taken for a success."""
    other = world.emulator.add_collection("Archive", storage=MemoryStorage({}))
    data = TransferData(source_endpoint=world.lab.id, destination_endpoint=other.id)
    data.add_item("/a.txt", "/a.txt")
    task_id = (await world.tc.submit_transfer(data))["task_id"]
    world.emulator.suspend(task_id)
    outcome = await world.tc.wait_for_task(task_id, timeout=60)
    assert outcome.reason is TaskEndReason.INACTIVE
    assert re.search("inactive.*CONSENT_REQUIRED", repr(outcome)), repr(outcome)


def test_two_runs_with_one_client() -> None:
    """A client at the level of a module, and `asyncio.run` for each call."""
    program = (
        "import asyncio, globus_async as g\n"
        "tc = g.TransferClient(base_url='http://127.0.0.1:9', retry=g.RetryPolicy(max_retries=0))\n"
        "async def call():\n"
        "    try: await tc.get_endpoint('ddb59aef-6d04-11e5-ba46-22000b92c6ec')\n"
        "    except g.NetworkError: pass\n"
        "asyncio.run(call())\n"
        "asyncio.run(call())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "WrongEventLoopError: this client was first used in another event loop" in done.stderr
    assert "globus_async.sync" in done.stderr
