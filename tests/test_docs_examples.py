"""Every Python example in the README and the documentation runs, against the emulator."""

from __future__ import annotations

import ast
import asyncio
import importlib
import itertools
import os
import re
import sys
import textwrap
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

import globus_async
from globus_async import ComputeClientV3, GlobusAppConfig, NativeAppAuthClient, TimersClient, TransferClient, UserApp
from globus_async.emulator.transfer.models import AccessRule
from globus_async.scopes import (
    AuthScopes,
    FlowsScopes,
    GCSCollectionScopes,
    GroupsScopes,
    SearchScopes,
    SpecificFlowScopes,
    TransferScopes,
)
from globus_async.testing import EmulatedLogin, GlobusEmulator, MemoryStorage
from tests.services.flows.world import HELLO, SCHEMA
from tests.services.transfer.world import World, add_more_than_a_page, world
from tests.source import ROOT
from tests.toolkit.examples import executed
from tests.toolkit.redis_server import shared_redis_url
from tests.toolkit.sql_databases import database_url

pytestmark = pytest.mark.slow

FENCE = re.compile(r"^( *)```(?P<language>\S*)[^\n]*\n(?P<body>.*?)^\1```$", re.MULTILINE | re.DOTALL)
PROGRAM = re.compile(
    r"asyncio\.run\(|asyncio\.Runner\(|^(import|from) globus_sdk\b|^from globus_async\.sync import|globus://|\"globus\"",
    re.MULTILINE,
)
"""What has a loop of its own, or blocks: it runs in another process."""

STAND_INS = """
import importlib.util, sys, types

for module, decorators in {"celery": ("shared_task",), "prefect": ("flow", "task")}.items():
    if importlib.util.find_spec(module) is None:
        sys.modules[module] = types.ModuleType(module)
        vars(sys.modules[module]).update(dict.fromkeys(decorators, lambda function: function))
"""
"""Decorators of task queues, which the tests do not install: the functions are called as they are."""

TESTS = re.compile(r"^(async )?def test_", re.MULTILINE)
"""What pytest runs."""

LANGUAGES = frozenset({"console", "diff", "ini", "json", "python", "text", "toml"})
"""What a fenced block may call itself, beside MyST's own directives. Only ``python`` is executed."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    language: str
    source: str
    line: int


@dataclass(frozen=True)
class Page:
    """A page with its blocks, in order: later ones know the names of earlier ones."""

    name: str
    blocks: tuple[Block, ...]

    def __str__(self) -> str:
        return self.name


def pages() -> Iterator[Page]:
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        if "_build" in path.parts:
            continue
        text = path.read_text()
        blocks = tuple(
            Block(match["language"], textwrap.dedent(match["body"]), text.count("\n", 0, match.start("body")) + 1)
            for match in FENCE.finditer(text)
        )
        yield Page(str(path.relative_to(ROOT)), blocks)


PAGES = list(pages())
WITH_EXAMPLES = [page for page in PAGES if any(block.language == "python" for block in page.blocks)]


async def run(blocks: Iterable[Block], page: Page, names: World) -> None:
    """Run blocks, which may await, so that a traceback shows its line on the page."""
    for are_programs, group in itertools.groupby(blocks, lambda block: PROGRAM.search(block.source) is not None):
        sources = ["\n" * (block.line - 1) + block.source for block in group]
        if are_programs:
            await run_as_programs(sources, page, names)
            continue
        for source in sources:
            await executed(source, names, page=page.name)


async def run_as_programs(sources: Sequence[str], page: Page, names: World) -> None:
    """Run blocks in one other process, each with names of its own, against the emulator on its socket."""
    known = {name: value for name, value in names.items() if isinstance(value, str) and name[:2] != "__"}
    names_of_each = f"{{'__name__': '__main__', **{known!r}}}"
    prepared = STAND_INS + "".join(
        f"exec(compile({source!r}, {page.name!r}, 'exec'), {names_of_each})\n" for source in sources
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", prepared, stdout=PIPE, stderr=PIPE)
    _, told = await process.communicate()
    assert process.returncode == 0, told.decode()


def modules_of_tests(page: Page, folder: Path) -> list[str]:
    """Write the blocks that are modules of tests into files."""
    blocks = [block for block in page.blocks if block.language == "python" and TESTS.search(block.source) is not None]
    for block in blocks:
        Path(folder, f"test_line_{block.line}.py").write_text(block.source)
    return [f"test_line_{block.line}.py" for block in blocks]


async def run_as_tests(modules: list[str], folder: Path) -> None:
    """Run modules of tests with pytest, as a user would who has installed the package."""
    options = ("-q", "-p", "no:cacheprovider", "-o", "asyncio_mode=auto")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", *options, *modules),
        cwd=folder,
        env={name: value for name, value in os.environ.items() if not name.startswith(("GLOBUS_", "PYTEST_"))},
        stdout=PIPE,
        stderr=STDOUT,
    )
    told, _ = await process.communicate()
    assert process.returncode == 0, told.decode()
    assert f"{len(modules)} passed" in told.decode()


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=str)
async def test_examples_of_a_page_run(page: Page, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The page's blocks run one after another, with the names of the emulated world: ``tc``, ``endpoint_id`` ..."""
    async with world() as names, names["emulator"].serve() as server:
        for variable, url in server.environ.items():
            monkeypatch.setenv(variable, url)
        monkeypatch.setenv("PORTAL_KEY", "a-random-text-of-43-characters-of-the-portal")
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        names.update(registered(names["emulator"]))
        names.update(databases(page, tmp_path))
        if page.name.endswith("fsspec.md"):
            names["collection_id"] = collection_of_a_job(names["emulator"], monkeypatch)
            names["public_id"], names["public_address"] = public_collection(names["emulator"])
        if page.name.endswith("gcs.md"):
            names.update(connect_server(names["emulator"]))
        await log_in(names)
        for token in ("access_token", "service_token"):
            await add_more_than_a_page(names["emulator"], names[token])
        names["input"] = lambda _prompt: names["emulator"].auth.authorize(names["url"]).code  # a user who logs in
        examples = [block for block in page.blocks if block.language == "python"]
        await run((block for block in examples if TESTS.search(block.source) is None), page, names)
    if modules := modules_of_tests(page, tmp_path):
        await run_as_tests(modules, tmp_path)


def databases(page: Page, folder: Path) -> World:
    """Return the URLs of the databases that a page names; skip it where there is no server for one."""
    named = {name for block in page.blocks for name in ("redis_url", "sql_url") if name in block.source}
    urls: World = {}
    if "redis_url" in named:
        urls["redis_url"] = shared_redis_url()
    if "sql_url" in named:
        urls["sql_url"] = database_url("postgresql", folder, tables=False)
    return urls


def collection_of_a_job(emulator: GlobusEmulator, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a collection of an application whose credentials the environment has."""
    job = emulator.add_client("Job", secret="secret-of-the-job")
    monkeypatch.setenv("GLOBUS_ASYNC_CLIENT_ID", job.id)
    monkeypatch.setenv("GLOBUS_ASYNC_CLIENT_SECRET", "secret-of-the-job")
    return emulator.add_collection("Results", storage=MemoryStorage(), owner=job).id


def public_collection(emulator: GlobusEmulator) -> tuple[str, str | None]:
    """Return the id and the address of a collection that everybody may read."""
    host = emulator.add_collection("Stations", storage=MemoryStorage({"stations.csv": "station,height\nS1,250\n"}))
    guest = emulator.add_collection("Public stations", host=host)
    guest.rules["rule"] = AccessRule("rule", "anonymous", "", "/", "r", create_time=0)
    return guest.id, guest.https_url


def connect_server(emulator: GlobusEmulator) -> World:
    """Return the names of an endpoint of Globus Connect Server, and of the login of its owner."""
    ada = emulator.add_identity("ada@example.org")
    host = emulator.gcs.add_endpoint("Laboratory", owner=ada).host
    login = EmulatedLogin(emulator, ada)
    return {"manager_host": host, "config": GlobusAppConfig(login_flow_manager=login, token_storage="memory")}


async def log_in(names: World) -> None:
    """Log the user of pages in, with their app, and store the tokens of another login for them."""
    emulator: GlobusEmulator = names["emulator"]
    client_id = names["native_client_id"]
    names["vault_id"] = emulator.add_collection("Private", storage=MemoryStorage({"x": "1"}), needs_data_access=True).id
    config = GlobusAppConfig(request_refresh_tokens=True, login_flow_manager=EmulatedLogin(emulator))
    transport = emulator.transport()
    async with UserApp("my-program", client_id=client_id, config=config, transport=transport) as app:
        TransferClient(app=app).add_app_data_access_scope(names["vault_id"])
        TimersClient(app=app).add_app_transfer_data_access_scope(names["source_id"])
        ComputeClientV3(app=app)
        await app.login()
    names["client"] = NativeAppAuthClient(client_id, transport=transport)
    flow = names["client"].oauth2_start_flow(refresh_tokens=True)
    names["tokens"] = await flow.exchange_code_for_tokens(emulator.auth.authorize(flow.get_authorize_url()).code)


def registered(emulator: GlobusEmulator) -> World:
    """Register the applications that pages are about, and make tokens for their user."""
    user = emulator.auth.login_identity
    assert user is not None
    redirects = ["https://portal.example.org/callback"]
    service = emulator.add_client("Catalog", secret="secret-of-the-catalog", redirect_uris=redirects)
    scope = emulator.auth.add_scope(service, "all", dependencies=[str(TransferScopes.all)]).scope_string
    native = emulator.add_client("Laptop")
    emulator.compute.execute = lambda task: task.payload.upper()
    flow_id = emulator.flows.add_flow("Say hello", HELLO, owner=user, input_schema=SCHEMA).id
    lab = next(each for each in emulator.transfer.collections.values() if each.display_name == "Lab storage")
    return {
        "API_SCOPE": scope,
        "access_token": emulator.access_token(user),
        "api_token": emulator.access_token(user, scopes=[scope], client=native),
        "auth_token": emulator.access_token(user, scopes=[str(AuthScopes.view_identities)]),
        "client_id": service.id,
        "compute_endpoint_id": emulator.compute.add_endpoint(owner_id=user.id).id,
        "function_id": emulator.compute.add_function(owner_id=user.id).id,
        "client_secret": "secret-of-the-catalog",
        "https_token": emulator.access_token(user, scopes=[str(GCSCollectionScopes(lab.id).https)]),
        "groups_token": emulator.access_token(user, scopes=[str(GroupsScopes.all)]),
        "index_id": emulator.search.add_index("Samples", owner=user).id,
        "flow_id": flow_id,
        "flow_token": emulator.access_token(user, scopes=[str(SpecificFlowScopes(flow_id).user)]),
        "flows_token": emulator.access_token(user, scopes=[str(FlowsScopes.all)]),
        "native_client_id": native.id,
        "search_token": emulator.access_token(user, scopes=[str(SearchScopes.all)]),
        "service_token": emulator.access_token(service),
    }


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_blocks_say_what_they_are(page: Page) -> None:
    """Every fenced block names its language, so that no Python escapes by not being called so."""
    unnamed = [block.line for block in page.blocks if block.language not in LANGUAGES and block.language[:1] != "{"]
    assert unnamed == []
    hidden = [block.line for block in page.blocks if block.language == "text" and is_python(block.source)]
    assert hidden == [], "this is Python, and would run if it were called so"


def is_python(source: str) -> bool:
    """Whether a text is Python that does something, and not words or a drawing."""
    try:
        tree = compile(source, "<text>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST)
    except SyntaxError:
        return False
    return any(isinstance(node, ast.Import | ast.ImportFrom | ast.Await | ast.Call) for node in ast.walk(tree))


def test_the_page_on_errors_has_all_of_them() -> None:
    """Every error that can be imported from the package stands in the tree of the page on errors."""
    page = (ROOT / "docs" / "errors.md").read_text()
    classes = [getattr(globus_async, name) for name in globus_async.__all__]
    errors = [
        each.__name__ for each in classes if isinstance(each, type) and issubclass(each, globus_async.GlobusError)
    ]
    assert len(errors) > 20
    assert [name for name in errors if re.search(rf"^ *([\w, ]+, )?{name}\b", page, re.MULTILINE) is None] == []


MODULES_OF_ERRORS = (
    "globus_async",
    "globus_async.errors",
    "globus_async.token_storage",
    "globus_async.login_flows",
    "globus_async.credentials",
    "globus_async.session_store",
)
"""The modules from which the page on errors lets its readers import them."""


def error_class(name: str) -> type[BaseException]:
    """Return the class of an error, from the module that the page names."""
    modules = map(importlib.import_module, MODULES_OF_ERRORS)
    found: type[BaseException] = next(getattr(module, name) for module in modules if hasattr(module, name))
    return found


def test_the_tree_of_errors_is_that_of_the_classes() -> None:
    """Each stands below its base class, and can be imported from where the page says."""
    page = (ROOT / "docs" / "errors.md").read_text()
    tree = page.partition("```text\n")[2].partition("```")[0]
    above: dict[int, type[BaseException]] = {}
    for line in tree.splitlines():
        names = re.match(r"( *)([\w]+(?:, [\w]+)*)", line)
        assert names is not None, line
        depth = len(names[1])
        for name in names[2].split(", "):
            above[depth] = error_class(name)
            assert depth == 0 or issubclass(above[depth], above[depth - 4]), name
    assert len(tree.splitlines()) > 40
    assert all(f"`{module}`" in page for module in MODULES_OF_ERRORS)


def test_there_are_examples() -> None:
    """The collector finds them."""
    assert len(WITH_EXAMPLES) >= 5
    assert not is_python("GlobusError   every error\n    more")
    assert is_python("await tc.get_task(task_id)")
