"""Where the files of apps lie: never outside their folder, whatever the names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from globus_async import GlobusSDKUsageError
from globus_async.token_storage import JSONTokenStorage, KeyFile, SQLiteTokenStorage

CLIENT = "9d437146-f150-42c2-be88-9d625d9e7cf9"


@dataclass
class Config:
    environment: Any = "production"


def test_the_path_of_an_app() -> None:
    home = Path("~").expanduser()
    storage = JSONTokenStorage.for_globus_app(app_name="My App", config=Config(), client_id=UUID(CLIENT))
    assert storage.filepath == str(home / ".globus" / "app" / CLIENT / "my-app" / "tokens.json")
    assert storage.namespace == "DEFAULT"
    other = SQLiteTokenStorage.for_globus_app(
        app_name="a/b", config=Config("test"), client_id=CLIENT, namespace="other"
    )
    assert other.filepath == str(home / ".globus" / "app" / CLIENT / "a+b" / "test-tokens.db")
    assert other.namespace == "other"


TEXT = st.text(max_size=20) | st.text(alphabet='./\\~:<>"|?*\0 \u202e\ud800CONcon0', max_size=8)


@given(app_name=TEXT, client_id=TEXT, environment=TEXT)
@example("..", "..", "..")
@example("a", "../..", "production")
@example("/etc/passwd", "/etc", "/")
@example("a", "\0", "production")
@example("a", "nul", "production")
def test_no_name_leads_out_of_the_folder(app_name: str, client_id: str, environment: str) -> None:
    """It is refused, or is one folder, with a name that every operating system has."""
    root = Path("~").expanduser() / ".globus" / "app"
    try:
        storage = JSONTokenStorage.for_globus_app(app_name=app_name, config=Config(environment), client_id=client_id)
    except GlobusSDKUsageError:
        return
    parts = Path(storage.filepath).relative_to(root).parts
    assert len(parts) == 3
    assert os.path.normpath(storage.filepath) == storage.filepath
    for part in parts:
        assert not set(part) & set('<>:"/\\|?*\0')
        assert part.isprintable()
        assert part.partition(".")[0].lower() not in {"", "con", "prn", "aux", "nul", "com1", "lpt1"}
        assert not part.endswith((".", " "))
        assert len(part.encode()) <= 255


@pytest.mark.parametrize("app_name", ["", "\n", "con", "CON", "LPT9", "com0", "com¹", "CONIN$", "x" * 256, "é" * 128])
def test_names_of_apps_that_cannot_be_folders(app_name: str) -> None:
    with pytest.raises(GlobusSDKUsageError, match=r"app_name .* use another"):
        JSONTokenStorage.for_globus_app(app_name=app_name, config=Config(), client_id=CLIENT)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"client_id": ".."}, "client_id must consist of"),
        ({"client_id": ""}, "client_id must consist of"),
        ({"client_id": "nul"}, "client_id must consist of"),
        ({"client_id": None}, "client_id must be a UUID"),
        ({"app_name": None}, "app_name must be text"),
        ({"config": Config("a/b")}, "environment must consist of"),
        ({"config": Config(None)}, "environment must be text"),
    ],
)
def test_wrong_names(changed: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"app_name": "a", "config": Config(), "client_id": CLIENT, **changed}
    with pytest.raises(GlobusSDKUsageError, match=message):
        JSONTokenStorage.for_globus_app(**arguments)


def path_of(kind: str, path: str | Path) -> str:
    storages = {"json": JSONTokenStorage, "sqlite": SQLiteTokenStorage}
    return str(KeyFile(path).path) if kind == "key" else storages[kind](path).filepath


@pytest.mark.parametrize("kind", ["json", "sqlite", "key"])
def test_a_leading_tilde_is_the_home_directory(kind: str) -> None:
    """As in shells; without it, a folder named ``~`` would be created."""
    home = Path.home()
    assert path_of(kind, "~/x/tokens") == path_of(kind, Path("~/x/tokens")) == str(home / "x" / "tokens")
    assert Path(path_of(kind, "./~/tokens")) == Path("~/tokens")
    assert path_of(kind, "x/~/tokens") == "x/~/tokens"
    with pytest.raises(GlobusSDKUsageError, match="path begins with ~, but there is no such home directory"):
        path_of(kind, "~no-such-user-of-this-machine/tokens")
