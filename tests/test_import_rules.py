"""The architecture of design and documentation, held by tests: who may import whom, and what may stand where."""

from __future__ import annotations

import ast
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from globus_async import services
from tests.root_stub import HOMES
from tests.source import MODULES, ROOT, Module, calls, find_circle, import_graph, name_of
from tests.toolkit.every_module import for_each

_SECOND_VERSION = "services.transfer_v2"
"""A client of the same service as another one, whose tunnels and errors it has."""

LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"_document_items"}),  # a stub for type checkers, made from documents of the services
    frozenset({"_http.json_items"}),
    frozenset({"_version", "_http.json_reader", "_http.missing", "porting"}),
    frozenset({"_lazy_names"}),
    frozenset({"clock", "errors"}),
    frozenset({"_concurrency", "_files", "_single_flight", "config", "secret"}),
    frozenset({"_http", "confidential", "scopes", "sealing"}),
    frozenset({"gare", "session_store", "token_storage"}),
    frozenset({"authorizers"}),
    frozenset({"response", "transport"}),
    frozenset({"otel", "paging"}),
    frozenset({"client"}),
    frozenset({"_journal", "bulk_calls"}),
    frozenset({"_polling"}),
    frozenset({"sql"}),
    frozenset(f"services.{package.name}" for package in pkgutil.iter_modules(services.__path__)) - {_SECOND_VERSION},
    frozenset({_SECOND_VERSION}),
    frozenset({"credentials", "login_flows"}),
    frozenset({"globus_app"}),
    frozenset({"fsspec", "redis", "sync"}),
    frozenset({"fastapi"}),
    frozenset({"emulator"}),
    frozenset({"testing"}),
    frozenset({"demo"}),
)
"""From the ground up. A module imports from lower layers, and from its own part; so do its annotations."""

PUBLIC_HOMES = {name: home for home, names in HOMES.items() for name in names}

HTTP_LIBRARIES = ("httptools", "httpx", "cryptography", "jwt", "fastapi", "starlette", "uvicorn")
HELD_OPEN = frozenset({"timeout", "timeout_at", "TaskGroup", "create_task_group", "fail_after", "move_on_after"})
CLOCKS = frozenset(
    {"time.time", "time.monotonic", "time.perf_counter", "datetime.now", "datetime.utcnow", "date.today"}
)
LONGEST = 450

LOADERS = frozenset(
    {"globus_async", "globus_async._lazy_names", "globus_async.emulator", "globus_async.emulator.registry"}
)

everywhere = for_each(MODULES)


def unit_of(name: str) -> str:
    """Return the part of the package a module belongs to: the longest name in the layers that it begins with."""
    own = name.removeprefix("globus_async").removeprefix(".")
    parts = {own, *(own.rsplit(".", count)[0] for count in range(1, own.count(".") + 1))}
    return max(parts & frozenset().union(*LAYERS), key=len, default=own)


def layer_of(unit: str) -> int:
    return next((index for index, layer in enumerate(LAYERS) if unit in layer), len(LAYERS))


def own_targets(module: Module) -> Iterator[tuple[int, str]]:
    """Yield the line and part of every import from the package itself, for types too."""
    for imported in module.imports():
        if imported.module.split(".")[0] != "globus_async":
            continue
        if not imported.names and imported.module == "globus_async":
            yield imported.line, ""  # by the lazy names of the root, everything can be reached
        elif imported.module in {"globus_async", "globus_async.services"}:
            for name in imported.names:
                home = PUBLIC_HOMES.get(name, name)  # a public name is imported from where it is defined
                yield imported.line, unit_of(f"{imported.module}.{home}")
        else:
            for name in imported.names or ("",):
                yield imported.line, unit_of(f"{imported.module}.{name}")


@everywhere
def test_imports_point_downwards(module: Module) -> None:
    """A module imports from lower layers or its own package only; nothing in the core imports a service."""
    unit = unit_of(module.name)
    if unit in {"", "services"}:
        assert not list(own_targets(module)) or unit == ""
        return
    upwards = [
        f"{module}:{line} imports {target}"
        for line, target in own_targets(module)
        if target != unit and layer_of(target) >= layer_of(unit)
    ]
    assert not upwards


@pytest.mark.parametrize(
    "source",
    [
        "import globus_async",
        "import globus_async as g",
        "import globus_async.client",
        "from .. import TransferClient",
        "def f():\n from globus_async import client",
        "if TYPE_CHECKING:\n from ..client import BaseClient",
    ],
)
def test_an_import_upwards_is_found(source: str, tmp_path: Path) -> None:
    """In every form of the statement; the root has everything."""
    (tmp_path / "x.py").write_text(source)
    targets = [target for _, target in own_targets(Module("globus_async._http.x", tmp_path / "x.py"))]
    assert targets
    assert all(layer_of(target) >= layer_of("_http") for target in targets)


@everywhere
def test_modules_are_named_in_import_statements(module: Module) -> None:
    """Only lazy faces and the registries of further services load modules by text, which no other rule sees."""
    loaders = {"import_module", "__import__"}
    if unit_of(module.name) != "testing" and module.name not in LOADERS:
        assert [f"{module}:{call.lineno}" for call in calls(module.tree()) if name_of(call.func) in loaders] == []


def test_every_part_has_a_layer() -> None:
    """A new part of the package is given its layer before anything is built on it."""
    known = frozenset().union(*LAYERS, {"", "services"})
    assert {unit_of(module.name) for module in MODULES} <= known


def test_no_import_circles() -> None:
    """No module imports itself by way of others, in annotations and inside functions neither."""
    assert find_circle(import_graph()) == []


def test_a_circle_is_found() -> None:
    """Also a long one, beside modules that are in none."""
    graph = {"a": {"b", "d"}, "b": {"c"}, "c": {"e"}, "d": {"c"}, "e": set[str]()}
    assert find_circle(graph) == []
    graph["e"] = {"b"}
    assert sorted(set(find_circle(graph))) == ["b", "c", "e"]


def test_few_private_modules_at_the_root() -> None:
    """What is private belongs to a part: a package of its own, or one of at most three modules."""
    private = [path.stem for path in (ROOT / "src" / "globus_async").glob("_*.py") if path.stem != "__init__"]
    assert len(private) <= 3, private


@everywhere
def test_emulator_and_client_are_independent(module: Module) -> None:
    """The emulator imports nothing of the client, types included, nor the client it; `testing` joins the two."""
    unit = unit_of(module.name)
    if unit in {"testing", "demo", ""}:
        return
    crossing = [
        f"{module}:{line} imports {target}"
        for line, target in own_targets(module)
        if (target in {"emulator", "testing"}) != (unit == "emulator")
    ]
    assert not crossing


@everywhere
def test_http_libraries_are_imported_by_the_transport_only(module: Module) -> None:
    """One module imports the parser, only the transport and the emulator httpx, and nothing any other HTTP library."""
    tops = {imported.module.split(".")[0] for imported in module.imports() if not imported.for_types}
    if module.name != "globus_async.transport._incoming_response":
        assert "httptools" not in tops
    if unit_of(module.name) not in {"transport", "emulator"}:
        assert "httpx" not in tops
    assert not tops & {"aiohttp", "requests", "urllib3", "httpcore", "globus_sdk"}


def test_importing_costs_no_http_library() -> None:
    """``import globus_async`` loads none of the libraries that a client needs, and nothing of the emulator."""
    code = f"import sys, globus_async; print(*(name for name in {HTTP_LIBRARIES} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


WITHOUT_A_PACKAGE = """
import sys

class Finder:
    def find_spec(name, path=None, target=None):
        if name == sys.argv[1]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Finder)
exec(sys.argv[2])
"""


@pytest.mark.parametrize(
    ("missing", "code", "extra"),
    [
        ("fastapi", "import globus_async.fastapi", "fastapi"),
        ("opentelemetry", "from globus_async.otel import OpenTelemetryObserver", "otel"),
        ("redis", "from globus_async.redis import RedisDatabase", "redis"),
        ("sqlalchemy", "from globus_async.sql import SQLDatabase", "sql"),
        ("starlette", "from globus_async.testing import GlobusEmulator", "emulator"),
        ("starlette", "import globus_async.testing.__main__", "emulator"),
        ("uvicorn", "import globus_async.testing.__main__", "emulator"),
    ],
)
def test_imports_name_the_missing_extra(missing: str, code: str, extra: str) -> None:
    """Without the packages of an extra, the error of the import says which extra to install."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_A_PACKAGE, missing, code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.rstrip().endswith(f"needs an extra: pip install 'globus-async[{extra}]'")


LATE = (
    "anyio",
    "certifi",
    "configparser",
    "filelock",
    "html",
    "typing_extensions",
    "globus_async.authorizers.renewing",
    "globus_async.bulk_calls",
    "globus_async.errors.authorization",
    "globus_async.errors.document",
    "globus_async.services.auth",
    "globus_async.services.transfer.batch.submission",
    "globus_async.services.transfer.data.transfer_data",
    "globus_async.services.transfer.directory_walk",
)
"""Modules that many programs do not need; together they cost as much time as the own modules of a first call."""


def test_a_client_costs_what_its_calls_need() -> None:
    """What only some calls need is imported by them, so that a short program starts as fast as with globus-sdk."""
    code = (
        "import sys; from globus_async import AccessTokenAuthorizer, TransferClient;"
        f" TransferClient(authorizer=AccessTokenAuthorizer('x')); print(*(m for m in {LATE} if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@everywhere
def test_modules_are_short(module: Module) -> None:
    """A module is about one thing, and can be read in one sitting."""
    assert module.lines <= LONGEST


def generators(module: Module) -> Iterator[ast.AsyncFunctionDef | ast.FunctionDef]:
    """Yield the functions that may yield to a loop; a context manager's single yield is its body's own."""
    for node in ast.walk(module.tree()):
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
            decorators = {name_of(decorator) for decorator in node.decorator_list}
            if not decorators & {"asynccontextmanager", "contextmanager", "fixture"}:
                yield node


def is_held_open(item: ast.withitem) -> bool:
    name = name_of(item.context_expr)
    return name in HELD_OPEN or "lock" in name.lower() or "gate" in name.lower()


@everywhere
def test_nothing_is_held_across_a_yield(module: Module) -> None:
    """No generator yields inside a lock, a timeout, a gate or a task group."""
    found = [
        f"{module}:{inner.lineno}"
        for function in generators(module)
        for block in ast.walk(function)
        if isinstance(block, ast.AsyncWith | ast.With) and any(map(is_held_open, block.items))
        for inner in ast.walk(block)
        if isinstance(inner, ast.Yield | ast.YieldFrom)
    ]
    assert not found


@everywhere
def test_one_module_owns_time(module: Module) -> None:
    """Only the clock module reads the time; all other code uses a clock."""
    if module.name in {"globus_async.clock", "globus_async.emulator.kit.clock"}:
        return
    assert [f"{module}:{call.lineno}" for call in calls(module.tree()) if ast.unparse(call.func) in CLOCKS] == []


@everywhere
def test_waiting_is_bounded_by_timeout(module: Module) -> None:
    """`asyncio.wait_for` can lose a cancellation; `asyncio.timeout` cannot."""
    assert [f"{module}:{call.lineno}" for call in calls(module.tree()) if name_of(call.func) == "wait_for"] == []


def is_fixed_path(node: ast.expr) -> bool:
    """Whether a path is a constant, or filled by `path`, which refuses what would change it."""
    return (isinstance(node, ast.Constant) and isinstance(node.value, str)) or (
        isinstance(node, ast.Call) and name_of(node.func) == "fill_path" and isinstance(node.args[0], ast.Constant)
    )


@everywhere
def test_paths_are_constants_or_filled_by_path(module: Module) -> None:
    """No path is put together from strings: an id such as ``../x`` would reach another resource."""
    place = {"call": 1, "listing": 0}
    loose = [
        f"{module}:{call.lineno}"
        for call in calls(module.tree())
        if isinstance(call.func, ast.Attribute)
        and (index := place.get(call.func.attr)) is not None
        and unit_of(module.name).startswith("services")
        and (len(call.args) <= index or not is_fixed_path(call.args[index]))
    ]
    assert not loose


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("async def f():\n async with asyncio.timeout(1):\n  yield 1", "yield"),
        ("async def f(self):\n async with self._lock:\n  yield 1", "yield"),
    ],
)
def test_the_rules_find_what_they_forbid(source: str, rule: str) -> None:
    """The rule about yields sees timeouts and locks, whatever they are called by."""
    block = next(node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.AsyncWith))
    assert rule == "yield"
    assert any(map(is_held_open, block.items))


@pytest.mark.parametrize("source", ["f'/a/{x}'", "'/a/' + x", "'/a/{}'.format(x)", "template", "fill_path(f'/a/{x}')"])
def test_the_rule_about_paths_finds_loose_ones(source: str) -> None:
    """Whatever is put together is no fixed path."""
    assert not is_fixed_path(ast.parse(source, mode="eval").body)
    assert is_fixed_path(ast.parse("fill_path('/a/{id}', x)", mode="eval").body)
