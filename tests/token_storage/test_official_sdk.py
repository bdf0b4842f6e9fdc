"""Files that the official SDK and this library share: each reads what the other has written."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from globus_async.token_storage import FileTokenStorage, JSONTokenStorage, SQLiteTokenStorage, TokenStorageData

globus_sdk = pytest.importorskip("globus_sdk")
official = pytest.importorskip("globus_sdk.token_storage")
legacy = pytest.importorskip("globus_sdk.token_storage.legacy")

SERVER = "transfer.api.globus.org"
MEMBERS = {
    "resource_server": SERVER,
    "identity_id": "9d437146-f150-42c2-be88-9d625d9e7cf9",
    "scope": "urn:globus:auth:scope:transfer.api.globus.org:all",
    "access_token": "Ag1",
    "refresh_token": "Ag2",
    "expires_at_seconds": 1_900_000_000,
    "token_type": "Bearer",
}


def members(**changed: Any) -> dict[str, Any]:
    return {name: value for name, value in {**MEMBERS, **changed}.items() if value is not None}


def ours(**changed: Any) -> TokenStorageData:
    return TokenStorageData.from_dict(members(**changed))


def theirs(**changed: Any) -> Any:
    return official.TokenStorageData.from_dict(members(**changed))


KINDS: dict[str, tuple[type[FileTokenStorage], Any]] = {
    "json": (JSONTokenStorage, official.JSONTokenStorage),
    "sqlite": (SQLiteTokenStorage, official.SQLiteTokenStorage),
}


@pytest.fixture(params=KINDS)
def kind(request: Any) -> str:
    return str(request.param)


@pytest.fixture
def open_theirs(kind: str, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Return a function that opens the official storage."""
    opened: list[Any] = []

    def open_it(namespace: str = "DEFAULT") -> Any:
        opened.append(KINDS[kind][1](tmp_path / "tokens", namespace=namespace))
        return opened[-1]

    yield open_it
    for storage in opened:
        storage.close()


@pytest.fixture
def open_ours(kind: str, tmp_path: Path) -> Callable[..., FileTokenStorage]:
    return lambda namespace="DEFAULT": KINDS[kind][0](tmp_path / "tokens", namespace=namespace)


async def test_ours_reads_what_theirs_has_written(
    open_theirs: Callable[..., Any], open_ours: Callable[..., FileTokenStorage]
) -> None:
    bare = {"identity_id": None, "refresh_token": None, "token_type": None}
    for namespace in ("DEFAULT", "é/x"):
        open_theirs(namespace).store_token_data_by_resource_server(
            {SERVER: theirs(), "groups": theirs(resource_server="groups", **bare)}
        )
        assert await open_ours(namespace).get_token_data_by_resource_server() == {
            SERVER: ours(),
            "groups": ours(resource_server="groups", **bare),
        }


async def test_theirs_reads_what_ours_has_written(
    open_theirs: Callable[..., Any], open_ours: Callable[..., FileTokenStorage]
) -> None:
    for namespace in ("DEFAULT", "é/x"):
        await open_ours(namespace).store_token_data_by_resource_server(
            {SERVER: ours(), "new": ours(resource_server="new", refresh_token=None, unknown={"é": [1.5, None]})}
        )
        found = open_theirs(namespace).get_token_data_by_resource_server()
        assert {name: data.to_dict(include_extra=True) for name, data in found.items()} == {
            SERVER: members(),
            "new": members(resource_server="new", refresh_token=None, unknown={"é": [1.5, None]}),
        }


async def test_writes_of_both_are_interleaved(
    open_theirs: Callable[..., Any], open_ours: Callable[..., FileTokenStorage]
) -> None:
    """Neither loses what the other has written, in one namespace or another."""
    written: dict[str, set[str]] = {"one": set(), "two": set()}
    for number in range(12):
        namespace, name = ("one", "two")[number % 2], f"server-{number}"
        if number % 3:
            await open_ours(namespace).store_token_data_by_resource_server({name: ours(resource_server=name)})
        else:
            open_theirs(namespace).store_token_data_by_resource_server({name: theirs(resource_server=name)})
        written[namespace].add(name)
        if number == 6:
            assert open_theirs("two").remove_token_data("server-1")
            assert await open_ours("two").remove_token_data("server-3")
            written["two"] -= {"server-1", "server-3"}
        for each, names in written.items():
            assert set(await open_ours(each).get_token_data_by_resource_server()) == names
            assert set(open_theirs(each).get_token_data_by_resource_server()) == names


async def test_ours_compares_with_what_theirs_has_written(
    open_theirs: Callable[..., Any], open_ours: Callable[..., FileTokenStorage]
) -> None:
    storage = open_ours()
    old = ours()
    await storage.store_token_data_by_resource_server({SERVER: old})
    open_theirs().store_token_data_by_resource_server({SERVER: theirs(access_token="Ag3")})
    assert not await storage.compare_and_set(old, ours(access_token="Ag4"))
    assert await storage.compare_and_set(ours(access_token="Ag3"), ours(access_token="Ag4"))
    assert open_theirs().get_token_data(SERVER).access_token == "Ag4"


async def test_unknown_members_of_a_json_file_survive(tmp_path: Path) -> None:
    """At every level: of the file, of foreign namespaces, of entries, however odd they are."""
    path = tmp_path / "tokens.json"
    official.JSONTokenStorage(path).store_token_data_by_resource_server({SERVER: theirs()})
    before = json.loads(path.read_text())
    before["data"]["DEFAULT"][SERVER]["unknown"] = {"deep": [1e300, 2**70, "é", None]}
    before["data"]["foreign"] = [{"x": 1}]
    before["data"]["other"] = {"odd": 7}
    before["future"] = {"a": None}
    path.write_text(json.dumps(before))
    storage = JSONTokenStorage(path)
    found = await storage.get_token_data(SERVER)
    assert found is not None
    assert found.extra == {"unknown": {"deep": [1e300, 2**70, "é", None]}}
    await storage.store_token_data_by_resource_server({SERVER: found, "groups": ours(resource_server="groups")})
    after = json.loads(path.read_text())
    assert after["data"]["DEFAULT"].pop("groups") == members(resource_server="groups")
    assert after.pop("globus-sdk.version").startswith("globus-async ")
    assert before.pop("globus-sdk.version") == globus_sdk.__version__
    assert after == before
    official.JSONTokenStorage(path).store_token_data_by_resource_server({"new": theirs(resource_server="new")})
    assert json.loads(path.read_text())["globus-sdk.version"] == globus_sdk.__version__


class Response:
    """A token response, as far as a storage needs it."""

    def __init__(self) -> None:
        self.by_resource_server = {SERVER: members(identity_id=None)}


async def test_json_files_of_format_1(tmp_path: Path) -> None:
    """The legacy class has written it; the first write makes it a 2.0, as with the official SDK."""
    path = tmp_path / "tokens.json"
    legacy.SimpleJSONFileAdapter(str(path)).store(Response())
    document = json.loads(path.read_text())
    assert document["format_version"] == "1.0"
    document["future"] = 1
    document["by_rs"]["bare"] = {**document["by_rs"][SERVER], "resource_server": "bare", "refresh_token": None}
    path.write_text(json.dumps(document))
    storage = JSONTokenStorage(path)
    expected = {
        SERVER: ours(identity_id=None),
        "bare": ours(resource_server="bare", identity_id=None, refresh_token=None),
    }
    assert await storage.get_token_data_by_resource_server() == expected
    assert await JSONTokenStorage(path, namespace="other").get_token_data_by_resource_server() == {}
    assert json.loads(path.read_text()) == document  # reading changes nothing
    await storage.store_token_data_by_resource_server({"new": ours(resource_server="new")})
    assert await storage.get_token_data_by_resource_server() == {**expected, "new": ours(resource_server="new")}
    rewritten = json.loads(path.read_text())
    assert (rewritten["format_version"], rewritten["future"], "by_rs" in rewritten) == ("2.0", 1, False)
    assert set(official.JSONTokenStorage(path).get_token_data_by_resource_server()) == {*expected, "new"}


async def test_sqlite_files_of_schema_1(tmp_path: Path) -> None:
    """That of globus-cli: it keeps its version and its configuration, and remains usable by the legacy class."""
    path = tmp_path / "storage.db"
    theirs_1 = legacy.SQLiteAdapter(str(path), namespace="userprofile/production")
    theirs_1.store(Response())
    theirs_1.store_config("auth_client_data", {"client_id": "c", "client_secret": "s"})
    storage = SQLiteTokenStorage(path, namespace="userprofile/production")
    assert await storage.get_token_data_by_resource_server() == {SERVER: ours(identity_id=None)}
    await storage.store_token_data_by_resource_server({SERVER: ours(access_token="Ag9")})
    other = SQLiteTokenStorage(path, namespace="userprofile/test")
    await other.store_token_data_by_resource_server({"other": ours(resource_server="other")})
    assert [name async for name in storage.iter_namespaces()] == ["userprofile/production", "userprofile/test"]
    assert theirs_1.get_token_data(SERVER) == members(access_token="Ag9")
    assert theirs_1.read_config("auth_client_data") == {"client_id": "c", "client_secret": "s"}
    theirs_1.store_config("more", {"x": 1})
    theirs_1.store(Response())
    theirs_1.close()
    assert await storage.get_token_data(SERVER) == ours(identity_id=None)
    with closing(sqlite3.connect(path)) as database:
        rows = dict(database.execute("SELECT attribute, value FROM sdk_storage_adapter_internal"))
        assert rows == {"globus-sdk.version": globus_sdk.__version__, "globus-sdk.database_schema_version": "1"}
        assert database.execute("PRAGMA journal_mode").fetchone() == ("delete",)


async def test_the_schema_of_a_new_sqlite_file(tmp_path: Path) -> None:
    """The tables, columns and rows of the official class."""
    official.SQLiteTokenStorage(tmp_path / "theirs.db").close()
    await SQLiteTokenStorage(tmp_path / "ours.db").store_token_data_by_resource_server({SERVER: ours()})
    schemas: list[Any] = []
    for name in ("theirs.db", "ours.db"):
        with closing(sqlite3.connect(tmp_path / name)) as database:
            tables = [table for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            columns = {table: database.execute(f"PRAGMA table_info({table})").fetchall() for table in tables}
            internal = dict(database.execute("SELECT attribute, value FROM sdk_storage_adapter_internal"))
            assert internal.pop("globus-sdk.version")
            mode = database.execute("PRAGMA journal_mode").fetchone()
            schemas.append((columns, internal, mode))
    assert schemas[0] == schemas[1]


@pytest.mark.parametrize("environment", ["production", "test"])
@pytest.mark.parametrize("app_name", ["My App", 'a.B: c/d\\e|f?*<>"', "Ünï çode", "x\0y\nz", "..", "Con.txt"])
def test_files_of_apps_lie_where_theirs_lie(kind: str, app_name: str, environment: str) -> None:
    class Config:
        def __init__(self) -> None:
            self.environment = environment

    arguments: dict[str, Any] = {
        "app_name": app_name,
        "client_id": "9d437146-f150-42c2-be88-9d625d9e7cf9",
        "config": Config(),
        "namespace": "DEFAULT",
    }
    mine, other = KINDS[kind]
    storage = mine.for_globus_app(**arguments)
    official_storage = other.for_globus_app(**arguments)
    assert storage.filepath == official_storage.filepath
    assert storage.namespace == official_storage.namespace
    official_storage.close()
