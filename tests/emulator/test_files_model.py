"""Random reads, writes and deletions over HTTPS, compared with a dictionary; and bugs that they find."""

from __future__ import annotations

import asyncio
from random import Random
from types import ModuleType
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from globus_async.emulator.auth.service import AuthService
from globus_async.emulator.files.service import FilesService
from globus_async.emulator.kit.service import Platform
from globus_async.emulator.registry import Emulator
from globus_async.emulator.transfer.models import AccessRule
from globus_async.emulator.transfer.service import TransferService
from globus_async.testing import MemoryStorage
from tests.mutants.mutation import PACKAGE, Guard, always, never, swap
from tests.toolkit.random_cases import cases

pytestmark = pytest.mark.slow

NAMES = ("a", "d/b", "d/ä %2F#?", "d/e/c", "missing/f", "d", "")
"""Two of them are directories, and one has none."""
METHODS = frozenset({"GET", "PUT"})


def expected_range(header: str, content: bytes) -> tuple[int, bytes]:
    """Return status and content of a request for one range."""
    first, _, last = header.partition("-")
    if not first or int(first) >= len(content) or (last and int(last) < int(first)):
        return 416, b""
    return 206, content[int(first) : int(last) + 1 if last else None]


def expected(  # noqa: PLR0917 -- a request
    model: dict[str, bytes], who: str, method: str, name: str, body: bytes, header: str
) -> tuple[int, bytes]:
    """Return status and content of a request, and change the model."""
    if method not in METHODS | {"HEAD"}:
        return 405, b""
    if who != "writer" and (who == "nobody" or method == "PUT"):
        return (302 if who == "nobody" else 403), b""
    if method == "PUT":
        if name in {"missing/f", "d", ""}:
            return 404, b""
        model[name] = body
        return 200, b""
    if name not in model:
        return 404, b""
    if method == "HEAD":
        return 200, b""
    return expected_range(header, model[name]) if header else (200, model[name])


async def check(random: Random, service: type[FilesService]) -> None:
    """Send random requests as a writer, a reader and nobody to a guest collection, and compare the results."""
    platform = Platform()
    auth = AuthService(platform)
    transfer = TransferService(platform)
    emulator = Emulator(platform, [transfer, auth, service(platform)])
    people = {name: auth.state.add_identity(f"{name}@example.org") for name in ("owner", "writer", "reader")}
    host = transfer.state.add_collection(
        "Host", owner_id=people["owner"].id, storage=MemoryStorage({"top/d/e/": None, "secret": "s"})
    )
    guest = transfer.state.add_collection("Guest", owner_id=people["owner"].id, host=host, host_path="/top")
    guest.https_methods = METHODS
    for name, permissions in (("writer", "rw"), ("reader", "r")):
        guest.rules[name] = AccessRule(name, "identity", people[name].id, "/", permissions, 0.0)
    scope = f"https://auth.globus.org/scopes/{guest.id}/https"
    headers = {
        name: {"Authorization": f"Bearer {auth.state.access_token(people[name], scopes=[scope])}"}
        for name in ("writer", "reader")
    }
    model: dict[str, bytes] = {}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(emulator.app)) as http:
        for _ in range(60):
            who = random.choice(("writer", "writer", "reader", "nobody"))
            method = random.choice(("GET", "GET", "GET", "PUT", "PUT", "HEAD", "DELETE"))
            name, body = random.choice(NAMES), random.randbytes(random.choice((0, 1, 20)))
            header = random.choice(("", "0-", "0-0", "5-9", "19-", "20-", "3-2", "-1")) if method == "GET" else ""
            sent = {**headers.get(who, {}), **({"Range": f"bytes={header}"} if header else {})}
            url = f"{guest.https_url}/{quote(name)}"
            response = await http.request(method, url, headers=sent, content=body if method == "PUT" else None)
            status, content = expected(model, who, method, name, body, header)
            case = f"{who}: {method} {name} {header}"
            assert response.status_code == status, case
            if status in {200, 206} or method == "HEAD":
                assert response.content == content, case
            if status == 206:
                start = header.partition("-")[0]
                assert response.headers["content-range"] == f"bytes {start}-{int(start) + len(content) - 1}/*", case
            if method == "HEAD" and status == 200:
                assert response.headers["content-length"] == str(len(model[name])), case
        stored = {name.removeprefix("top/"): content for name, content in transfer_tree(host.storage) if content}
        assert stored == {name: content for name, content in model.items() if content}
    await transfer.aclose()


def transfer_tree(storage: Any) -> list[tuple[str, bytes]]:
    return [(name, content) for name, content in storage.tree().items() if name != "secret"]


async def test_the_emulator_agrees_with_the_model() -> None:
    """Each request has the same result, and leaves the same files."""
    for seed in range(cases(40)):
        await check(Random(seed), FilesService)


ROUTES, RANGES, ACCESS = "emulator/files/routes.py", "emulator/files/ranges.py", "emulator/files/access.py"
BUGS = {
    "reversed ranges are served": swap(f"{RANGES}:read_ranges", r"start >= end", "start >= size"),
    "a range may begin at the end": swap(f"{RANGES}:read_ranges", r"start >= end", "start > end"),
    "the last byte is missing": swap(f"{RANGES}:read_ranges", r", size - 1\) \+ 1", ", size - 1)"),
    "the total is sent": swap(f"{RANGES}:ByteRange.content_range", r"/\*", "/{self.end}"),
    "methods are not checked": never(f"{ACCESS}:authorized", r"^collection\.methods is not None"),
    "nobody may read": always(f"{ACCESS}:authorized", r"may_access"),
    "names are decoded twice": swap(
        f"{ACCESS}:_path", r"unquote_to_bytes\(raw\)", "unquote_to_bytes(unquote_to_bytes(raw))"
    ),
    "the end of an upload is lost": swap(f"{ROUTES}:_receive", r"writer, received\)$", "writer, [])"),
}


def planted(bug: Guard) -> type[FilesService]:
    """Return the service with a bug."""
    modules: dict[str, ModuleType] = {}
    for name in ("ranges", "access", "routes"):
        path = PACKAGE / "emulator" / "files" / f"{name}.py"
        source = path.read_text(encoding="utf-8")
        module = modules[name] = ModuleType(f"globus_async.emulator.files.planted_{name}")
        module.__package__ = "globus_async.emulator.files"
        exec(compile(bug.mutant(source) if bug.path == path else source, str(path), "exec"), vars(module))
        for earlier in modules.values():
            shared = vars(module).keys() & set(getattr(earlier, "__all__", ()))
            vars(module).update({key: vars(earlier)[key] for key in shared})

    class Planted(FilesService):
        def tables(self) -> Any:
            return {"": modules["routes"].ROUTES}

    return Planted


@pytest.mark.parametrize("name", BUGS)
def test_a_planted_bug_is_found(name: str) -> None:
    """The same requests find each of these mistakes."""
    service = planted(BUGS[name])

    async def search() -> None:
        for seed in range(6):
            await check(Random(seed), service)

    with pytest.raises((AssertionError, ValueError, TypeError)):
        asyncio.run(search())
