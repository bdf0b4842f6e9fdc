"""Makes ``sync/__init__.pyi``, which tells type checkers the blocking form of every client."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from globus_async import (
    AuthClient,
    AuthLoginClient,
    BaseClient,
    BatchSubmission,
    Bulk,
    ClientApp,
    ComputeClientV2,
    ComputeClientV3,
    ConfidentialAppAuthClient,
    DirectoryWalk,
    DocumentSubmission,
    FileStream,
    FlowsClient,
    GCSClient,
    GCSCollectionClient,
    GlobusApp,
    GlobusAuthorizationCodeFlowManager,
    GlobusNativeAppFlowManager,
    GroupsClient,
    GroupsManager,
    NativeAppAuthClient,
    Pages,
    SearchClient,
    SpecificFlowClient,
    StreamedCall,
    StreamedResponse,
    TaskWatch,
    TimersClient,
    TransferClient,
    TransferClientV2,
    UserApp,
)
from globus_async._polling.document_watch import DocumentWatch
from globus_async.paging.iteration import Prefetch
from globus_async.services.auth.identities import Consents
from globus_async.services.flows import RunLog, RunWatch
from globus_async.services.search import SubmittedBatches
from globus_async.sync.proxy import is_made_blocking
from tests.source import ROOT
from tests.test_public_types import BY_NAME, PACKAGE, bindings, is_type_variable, origin_of

__all__ = ("KINDS", "MADE", "STUB", "blocking_name", "sync_stub")

STUB = ROOT / "src" / "globus_async" / "sync" / "__init__.pyi"

# a class stands before those that inherit from it
CLIENTS: tuple[type, ...] = (
    BaseClient,
    AuthLoginClient,
    AuthClient,
    NativeAppAuthClient,
    ConfidentialAppAuthClient,
    TransferClient,
    GroupsClient,
    SearchClient,
    FlowsClient,
    SpecificFlowClient,
    TimersClient,
    ComputeClientV2,
    ComputeClientV3,
    TransferClientV2,
    GCSClient,
    GCSCollectionClient,
)
APPS: tuple[type, ...] = (GlobusApp, UserApp, ClientApp)
MANAGERS: tuple[type, ...] = (GroupsManager,)
"""Made from a client, whose blocking form they take; `FUNCTIONS` has their overloads."""
MADE: tuple[type, ...] = (
    Pages,
    Consents,
    Prefetch,
    Bulk,
    BatchSubmission,
    DirectoryWalk,
    DocumentSubmission,
    DocumentWatch,
    TaskWatch,
    StreamedCall,
    StreamedResponse,
    SubmittedBatches,
    FileStream,
    RunWatch,
    RunLog,
    GlobusAuthorizationCodeFlowManager,
    GlobusNativeAppFlowManager,
)
"""What methods of clients return."""
KINDS = (*CLIENTS, *APPS, *MANAGERS, *MADE)

IN_LOOP = {"AsyncIterator", "AsyncIterable", "AsyncGenerator"}
RESULT_OF = {
    "__await__": "result",
    "__aiter__": "__iter__",
    "__anext__": "__next__",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
}
"""The plain names of special methods."""

DECORATORS = {"overload", "property", "staticmethod", "classmethod"}
_COLLECTIONS = ("AsyncIterable", "Awaitable", "Callable", "Iterable", "Iterator")
_TYPING = ("Generic", "ParamSpec", "Self", "overload")

BASE = """
_P = ParamSpec("_P")
_X = TypeVar("_X")
_Item = TypeVar("_Item")
_Wrapped = TypeVar("_Wrapped", covariant=True)

class _Wrapping(Generic[_Wrapped]):
    @property
    def wrapped(self) -> _Wrapped: ...
    def run(self, awaitable: Awaitable[_X], *, timeout: float | None = None) -> _X: ...
    def iterate(self, items: AsyncIterable[_X]) -> Iterator[_X]: ...

class Blocking(_Wrapping[_Wrapped]):
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

class BlockingTransport(Blocking[Transport], Transport): ...  # an argument of clients and apps
"""

FUNCTIONS = """\
@overload
def blocking(client_class: type[GroupsManager], /, client: BlockingGroupsClient) -> BlockingGroupsManager: ...
@overload
def blocking(client_class: Callable[_P, Transport], /, *args: _P.args, **options: _P.kwargs) -> BlockingTransport: ...
@overload
def blocking(client_class: Callable[_P, _X], /, *args: _P.args, **options: _P.kwargs) -> Blocking[_X]: ...
def bulk(
    call: Callable[[_Item], _X],
    items: Iterable[_Item],
    *,
    concurrency: int = 50,
    ordered: bool = False,
    progress: Callable[[Progress], object] | None = None,
    clock: Clock | None = None,
) -> BlockingBulk[_Item, _X]: ...
"""


def blocking_name(kind: type) -> str:
    """Return the name of the blocking form of a class."""
    return f"Blocking{kind.__name__}"


class Stub:
    """The stub, as it is written."""

    def __init__(self) -> None:
        self.imports = {("collections.abc", name) for name in _COLLECTIONS} | {("typing", name) for name in _TYPING}
        self.imports |= {("types", "TracebackType"), ("typing_extensions", "TypeVar")}
        self.imports |= {("..bulk_calls", "Progress"), ("..clock", "Clock"), ("..transport._transport", "Transport")}
        self.variables: dict[str, str] = {}  # names, by definition

    def text(self) -> str:
        """Return the text of the stub."""
        classes = [self.class_of(kind) for kind in KINDS]
        functions = [self.overload(kind) for kind in reversed((*CLIENTS, *APPS[1:]))]
        variables = [definition.replace("?", name) for definition, name in self.variables.items()]
        names = sorted(["Blocking", *(blocking_name(kind) for kind in KINDS), "BlockingTransport", "blocking", "bulk"])
        return "\n".join(
            [
                "# Made by python -m tests.sync_stub from the clients.",
                "# pyright: reportPrivateUsage=false",
                "",
                *(f"from {module} import {name}" for module, name in sorted(self.imports)),
                "",
                *variables,
                BASE,
                *classes,
                *functions,
                FUNCTIONS,
                f"__all__ = ({', '.join(map(repr, names))})",
                "",
            ]
        )

    def class_of(self, kind: type) -> str:
        """Return the blocking form of a class."""
        base = next((each for each in kind.__mro__[1:] if each in KINDS), None)
        if kind in MADE and base is not None:
            (written,) = _class(kind).bases
            bases = self.annotation(kind.__module__, written, result=True)
        elif kind in MADE:
            own = self.imported(kind.__module__, kind.__name__)
            parameters = [self.variable(kind.__module__, each.__name__) for each in _parameters(kind)]
            generic = f"[{', '.join(parameters)}]" if parameters else ""
            bases = f"_Wrapping[{own}{generic}]" + (f", Generic{generic}" if generic else "")
        else:
            bases = f"{blocking_name(base) if base else 'Blocking'}[{self.variable_of(kind)}]"
        body = [text for member in self.members(kind, base) for text in member]
        return "\n".join([f"class {blocking_name(kind)}({bases}):", *(body or ["    ..."]), ""])

    def variable_of(self, kind: type) -> str:
        """Return the name of the type variable of a client."""
        name = self.imported(kind.__module__, kind.__name__)
        variable = f"_{name}"
        self.variables[f'? = TypeVar("?", bound={name}, default={name}, covariant=True)'] = variable
        return variable

    def members(self, kind: type, base: type | None) -> Iterator[list[str]]:
        """Yield the members of the blocking form of a class, without those of its base."""
        seen: set[str] = set()
        inherited = set(base.__mro__) if base else set[type]()
        for each in kind.__mro__:
            if each in inherited or each.__module__ not in BY_NAME:
                continue
            found: dict[str, list[str]] = {}
            statement = _class(each)
            for member in [*statement.body, *_attributes(statement)]:
                name, text = self.member(each.__module__, kind, member)
                if name and text and name not in seen:
                    found.setdefault(name, []).extend(text)
            for lines in found.values():
                overloads = [line for line in lines if line == "    @overload"]
                yield lines[: 2 * len(overloads)] if overloads else lines
            seen |= found.keys()

    def member(self, module: str, kind: type, member: ast.stmt) -> tuple[str, list[str]]:
        """Return the name of a member and its blocking form, if it has one."""
        match member:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                decorators = [ast.unparse(each) for each in member.decorator_list]
                plain = RESULT_OF.get(name, name)
                hidden = plain.startswith("_") and name not in RESULT_OF
                if hidden or (name in {"aclose", "__aenter__", "__aexit__"} and hasattr(kind, "aclose")):
                    return "", []
                lines = [f"    @{each}" for each in decorators if each in DECORATORS or each.endswith(".setter")]
                return plain, [
                    *lines,
                    f"    def {plain}({self.arguments(module, member.args)}) -> {self.result(module, member)}: ...",
                ]
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation) if not name.startswith("_"):
                text = f"    {name}: {self.annotation(module, annotation, result=False)}"
                return name, [text + ("" if "ClassVar" in text else _hidden_class_variable(kind, name))]
            case _:
                return "", []

    def result(self, module: str, member: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
        """Return the type of the result of the blocking form of a method."""
        assert member.returns is not None
        returned = _read(member.returns)
        if member.name == "__await__":
            assert isinstance(returned, ast.Subscript)
            assert isinstance(returned.slice, ast.Tuple)
            returned = returned.slice.elts[2]
        if member.name == "__aiter__" and not isinstance(returned, ast.Subscript):
            return "Self"
        is_attribute = any(ast.unparse(each) == "property" for each in member.decorator_list)
        return self.annotation(module, returned, result=not is_attribute)

    def arguments(self, module: str, arguments: ast.arguments) -> str:
        """Return the parameters of a blocking form."""
        arguments = copy.deepcopy(arguments)
        for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg):
            if each is not None and each.annotation is not None:
                each.annotation = ast.parse(self.annotation(module, each.annotation, result=False), mode="eval").body
        arguments.defaults = [_default(each) for each in arguments.defaults]
        arguments.kw_defaults = [each and _default(each) for each in arguments.kw_defaults]
        return ast.unparse(arguments)

    def overload(self, kind: type) -> str:
        """Return the overload of `blocking` for a class."""
        variable = self.variable_of(kind)
        return (
            f"@overload\ndef blocking(client_class: Callable[_P, {variable}], /, *args: _P.args, **options: _P.kwargs)"
            f" -> {blocking_name(kind)}[{variable}]: ..."
        )

    def annotation(self, module: str, annotation: ast.expr, *, result: bool) -> str:
        """Return a type as text, in its blocking form for the result of a method."""
        annotation = _read(annotation)
        match annotation:
            case ast.Name(id=name):
                return self.name(module, name, "", result=result)
            case ast.Subscript(value=ast.Name(id=name), slice=part) if name == "Literal":
                return f"{self.reference(module, name)}[{ast.unparse(part)}]"
            case ast.Subscript(value=ast.Name(id=name), slice=part):
                result = result and name not in {"Callable", "type"}
                parts = part.elts if isinstance(part, ast.Tuple) else [part]
                inner = [
                    f"[{', '.join(self.annotation(module, one, result=result) for one in each.elts)}]"
                    if isinstance(each, ast.List)
                    else self.annotation(module, each, result=result)
                    for each in parts
                ]
                if result and name in IN_LOOP:
                    return f"Iterator[{inner[0]}]"
                if not result and name in {"Callable", "type"}:
                    inner = [ast.unparse(self.plain(module, each)) for each in parts]
                return self.name(module, name, f"[{', '.join(inner)}]", result=result)
            case ast.BinOp(left=left, right=right):
                return (
                    f"{self.annotation(module, left, result=result)} | {self.annotation(module, right, result=result)}"
                )
            case ast.Attribute(value=ast.Name(id="os"), attr=name):
                self.imports.add(("os", name))
                return name
            case ast.Subscript(value=ast.Attribute(value=ast.Name(id="os"), attr=name), slice=part):
                self.imports.add(("os", name))
                return f"{name}[{ast.unparse(part)}]"
            case _:
                return ast.unparse(annotation)

    def plain(self, module: str, annotation: ast.expr) -> ast.expr:
        """Import what a type needs; return it unchanged."""
        annotation = _read(annotation)
        for node in ast.walk(annotation):
            if isinstance(node, ast.Name):
                node.id = self.reference(module, node.id)
        return annotation

    def name(self, module: str, name: str, parameters: str, *, result: bool) -> str:
        """Return a class as text, in its blocking form for the result of a method."""
        found = origin_of(module, name)
        kind = getattr(import_module(found[0][0]), found[0][1], None) if found else None
        if result and kind in KINDS:
            return blocking_name(kind) + parameters
        written = self.reference(module, name) + parameters
        return f"Blocking[{written}]" if result and isinstance(kind, type) and is_made_blocking(kind) else written

    def reference(self, module: str, name: str) -> str:
        """Import a name as a module has it; return the name in the stub."""
        found = origin_of(module, name)
        if found is not None:
            (home, own), statement = found
            return self.variable(home, own) if is_type_variable(statement) else self.imported(home, own)
        bound = bindings(module).get(name)
        if isinstance(bound, tuple):
            self.imports.add((bound[0], bound[1]))
        return name

    def imported(self, module: str, name: str) -> str:
        """Import a name of this package."""
        self.imports.add((f"..{module.removeprefix(PACKAGE + '.')}", name))
        return name

    def variable(self, module: str, name: str) -> str:
        """Define a type variable as a module has it; return its name in the stub."""
        statement = bindings(module)[name]
        assert isinstance(statement, ast.Assign)
        assert isinstance(statement.value, ast.Call)
        limits = [
            f"{each.arg}={self.annotation(module, each.value, result=True)}"
            for each in statement.value.keywords
            if each.arg == "bound"
        ]
        definition = "? = TypeVar(" + ", ".join(['"?"', *limits]) + ")"
        taken = set(self.variables.values())
        free = next(f"_{name}{number or ''}" for number in range(9) if f"_{name}{number or ''}" not in taken)
        return self.variables.setdefault(definition + f"  # {name}", free)


def _parameters(kind: type) -> tuple[Any, ...]:
    return getattr(kind, "__parameters__", ())


def _class(kind: type) -> ast.ClassDef:
    """Return the statement that defines a class."""
    statement = bindings(kind.__module__)[kind.__name__]
    assert isinstance(statement, ast.ClassDef)
    return statement


def _hidden_class_variable(kind: type, name: str) -> str:
    """Return the comment for an attribute of instances where the class of a base has one."""
    declared = (str(vars(each).get("__annotations__", {}).get(name)) for each in kind.__mro__[1:])
    is_hiding = any("ClassVar" in each for each in declared)
    return "  # type: ignore[misc] # pyright: ignore[reportIncompatibleVariableOverride]" if is_hiding else ""


def _read(annotation: ast.expr) -> ast.expr:
    """Return an annotation that is written as text, as it is read."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return ast.parse(annotation.value, mode="eval").body
    return copy.deepcopy(annotation)


def _default(value: ast.expr) -> ast.expr:
    return value if isinstance(value, ast.Constant) else ast.Constant(...)


def _attributes(statement: ast.ClassDef) -> Iterator[ast.stmt]:
    """Yield the attributes that a class has by its constructor, and in blocks for type checkers."""
    for member in statement.body:
        if isinstance(member, ast.If) and ast.unparse(member.test) == "TYPE_CHECKING":
            yield from member.body
        if isinstance(member, ast.FunctionDef) and member.name == "__init__":
            for node in ast.walk(member):
                match node:
                    case ast.AnnAssign(target=ast.Attribute(attr=name), annotation=annotation):
                        yield ast.AnnAssign(ast.Name(name), annotation, None, 1)
                    case _:
                        pass


def sync_stub() -> str:
    """Return the text of the stub."""
    return Stub().text()


if __name__ == "__main__":
    STUB.write_text(sync_stub())
