"""What objects show of themselves: short, telling, and without secrets."""

from __future__ import annotations

import importlib
import inspect
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from globus_async import (
    AccessTokenAuthorizer,
    ClientCredentialsAuthorizer,
    ConfidentialAppAuthClient,
    IdentityMap,
    Progress,
    RefreshTokenAuthorizer,
    RenewingAuthorizer,
    TransferClient,
    TransferData,
    bulk,
)
from globus_async.fastapi import GlobusBackend, GlobusLogin, MemorySessionStore
from globus_async.services.flows import RunEndReason, RunOutcome
from globus_async.services.search import SearchTaskEndReason, SearchTaskOutcome
from globus_async.services.timers import TimerEndReason, TimerOutcome
from globus_async.services.transfer import TaskEndReason, TaskOutcome
from globus_async.testing import GlobusEmulator, MemoryStorage
from tests.toolkit.canaries import canary, leaks_of
from tests.toolkit.clock import FakeClock
from tests.toolkit.scripted import Scripted, respond

ID = "5e1f2a4c-0000-4000-8000-000000000001"


PACKAGES = (
    "",
    ".credentials",
    ".errors",
    ".fastapi",
    ".gare",
    ".globus_app",
    ".login_flows",
    ".otel",
    ".paging",
    ".redis",
    ".scopes",
    ".sql",
    ".testing",
    ".token_storage",
    ".transport",
)
CLASSES = sorted(
    {
        value
        for module in map(importlib.import_module, (f"globus_async{name}" for name in PACKAGES))
        for value in (getattr(module, name) for name in module.__all__)
        if inspect.isclass(value)
    },
    key=str,
)


def _has_instances(cls: type[Any]) -> bool:
    names = [name for name in vars(cls) if (name[:2] != "__" or name == "__init__") and not name.isupper()]
    members = [vars(cls)[name] for name in names]
    is_namespace = all(isinstance(each, staticmethod | classmethod) for each in members)
    return not getattr(cls, "_is_protocol", False) and not is_namespace


@pytest.mark.parametrize("cls", [cls for cls in CLASSES if _has_instances(cls)], ids=lambda cls: cls.__name__)
def test_every_public_class_has_a_form_of_its_own(cls: type[Any]) -> None:
    """None shows an address in memory only."""
    owner = next(each for each in cls.__mro__ if "__repr__" in vars(each))
    assert owner is not object


async def test_things_to_iterate() -> None:
    """They say what they are, and how to use them."""
    client = TransferClient()
    pages = client.task_list()
    prefetch = pages.prefetch()
    shown = {
        "walk": repr(client.operation_walk(ID)),
        "watch": repr(client.task_watch(ID)),
        "pages": repr(pages),
        "page iterator": repr(pages.pages()),
        "item iterator": repr(aiter(pages)),
        "prefetch": repr(prefetch),
        "bulk": repr(bulk(client.get_endpoint, [ID], concurrency=7)),
    }
    assert all(len(text) < 120 and " at 0x" not in text for text in shown.values())
    assert "1 directories to list" in shown["walk"]
    assert ID in shown["watch"]
    assert "async for" in shown["page iterator"]
    assert "async for" in shown["item iterator"]
    assert "get_endpoint, 7 at a time" in shown["bulk"]
    assert "wait_for_task, 1 at a time" in repr(client.wait_for_tasks([ID]))
    assert len(CLASSES) > 100


def test_a_bulk_of_a_partial_hides_its_arguments() -> None:
    """They may be secrets."""

    async def call(token: str, item: int) -> str:
        return f"{token}{item}"

    assert not leaks_of(repr(bulk(partial(call, canary("token")), [1])))


def test_an_outcome_is_one_line() -> None:
    """How the task ended, which, and how much; whatever the document lacks."""
    task: Any = {
        "task_id": ID,
        "type": "TRANSFER",
        "label": "nightly" * 50,
        "status": "FAILED",
        "files_transferred": 2,
        "bytes_transferred": 1024,
        "faults": 3,
        "history": ["x"] * 1000,
    }
    shown = repr(TaskOutcome(TaskEndReason.FAILED, task))
    assert len(shown) < 220
    for part in ("failed", "TRANSFER", "nightly", ID, "2 files", "1024 bytes", "3 faults"):
        assert part in shown
    empty: Any = {}
    assert repr(TaskOutcome(TaskEndReason.TIMED_OUT, empty)).startswith("<TaskOutcome timed out: task")
    assert "nightly" in TaskOutcome(TaskEndReason.FAILED, task)._repr_html_()


@pytest.mark.parametrize("value", ["\x1b[31m\u202e" * 1000, ["x"] * 1000, 10**999])
def test_outcomes_of_odd_documents(value: Any) -> None:
    """Still one line, without control characters."""
    names = ("run_id", "job_id", "task_id", "label", "name", "flow_title", "n_runs", "task_type", "message", "details")
    document: Any = dict.fromkeys(names, value)
    for outcome in (
        RunOutcome(RunEndReason.FAILED, document),
        TimerOutcome(TimerEndReason.ENDED, document),
        SearchTaskOutcome(SearchTaskEndReason.FAILED, document),
    ):
        shown = repr(outcome)
        assert len(shown) < 1200
        assert not {"\x1b", "\u202e", "\n"} & set(shown)


async def test_authorizers() -> None:
    """The client, the scopes and the state of the token; no token."""
    clock = FakeClock()
    token = canary("token")

    class Mine(RenewingAuthorizer):
        def _get_token_response(self) -> Any:
            return {"access_token": token, "expires_in": 3600}

    authorizer = Mine(clock=clock)
    assert repr(authorizer) == "<Mine: no access token>"
    await authorizer.get_authorization_header()
    assert repr(authorizer) == "<Mine: an access token for 3600 seconds>"
    await clock.advance(3600)
    assert repr(authorizer) == "<Mine: an expired access token>"

    app = ConfidentialAppAuthClient(ID, canary("secret"))
    refreshing = RefreshTokenAuthorizer(canary("refresh"), app, token, 4e9)
    acting = ClientCredentialsAuthorizer(app, "openid email")
    assert repr(refreshing).startswith(f"<RefreshTokenAuthorizer of client {ID}: an access token for ")
    assert repr(acting) == f"<ClientCredentialsAuthorizer of client {ID} for openid email: no access token>"
    assert not leaks_of(f"{authorizer} {refreshing!r} {acting!r} {AccessTokenAuthorizer(token)!r}")


async def test_an_authorizer_whose_refresh_failed() -> None:
    """It says so."""
    service = Scripted(respond(400, {"error": "invalid_grant"}))
    async with service.transport() as transport:
        app = ConfidentialAppAuthClient(ID, "secret", base_url="https://auth.example/", transport=transport)
        authorizer = RefreshTokenAuthorizer("Ag1", app)
        with pytest.raises(Exception, match="log in again"):
            await authorizer.get_authorization_header()
    assert repr(authorizer).endswith(": the refresh failed>")


def test_an_identity_map() -> None:
    """How much it has."""
    assert repr(IdentityMap(ConfidentialAppAuthClient(ID, "secret"), [ID, "a@example.org"])) == (
        "<IdentityMap: 0 names cached, 2 to look up>"
    )


def test_a_batch(tmp_path: Path) -> None:
    """How far it is, and how to use it."""
    batch = TransferClient().submit_items(TransferData(ID, ID), [], journal=tmp_path / "night.jsonl")
    assert repr(batch) == (
        f"<BatchSubmission to {tmp_path / 'night.jsonl'}, 0 tasks so far; await it, or use 'async for'>"
    )


def test_parts_of_a_web_application() -> None:
    """Of which client they are; no secret."""
    backend = GlobusBackend(ID, canary("secret"))
    login = GlobusLogin(backend, public_url="https://portal.example.org")
    shown = [repr(each) for each in (backend, backend.principal, login, login.session, MemorySessionStore())]
    assert shown == [
        f"<GlobusBackend of client {ID}, not running>",
        f"<BearerToken of <GlobusBackend of client {ID}, not running>>",
        f"<GlobusLogin of client {ID} with redirects to https://portal.example.org/callback>",
        "<SessionCookie __Host-globus_session>",
        "<MemorySessionStore: 0 entries>",
    ]


async def test_what_an_emulator_holds() -> None:
    """Collections, clients and tasks are one line each."""
    emulator = GlobusEmulator()
    app = emulator.add_client("Portal", secret=canary("secret"))
    lab = emulator.add_collection("Lab", storage=MemoryStorage({"a": "1"}))
    away = emulator.add_collection("Away", storage=None)
    assert repr(app).startswith(f"<ClientApp 'Portal' {app.id}: ")
    assert repr(lab) == f"<Collection 'Lab' {lab.id}: collection, <MemoryStorage of 1 entries>>"
    assert "Away" in repr(away)
    assert all(len(repr(each)) < 150 for each in (app, lab, away))


@pytest.mark.parametrize(
    ("progress", "text"),
    [
        (Progress(0, 0, None), "0 done"),
        (Progress(12, 0, 500, rate=19.84), "12 of 500 done, 19.8 per second, 25 s left"),
        (Progress(1500, 3, 1500, 2.5, 1234.5), "1,500 of 1,500 done, 3 failed, 1,234 per second, throttled for 2.5 s"),
        (Progress(7, 7, None, 0.9, 0.25), "7 done, 7 failed, 0.25 per second"),
    ],
)
def test_progress_of_a_bulk(progress: Progress, text: str) -> None:
    """One line for people; what is unknown is left out."""
    assert str(progress) == text
