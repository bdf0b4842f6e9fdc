"""Every type of ours in a public signature can be imported from a public module, which the reference documents."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache

import pytest

from tests.root_stub import HOMES
from tests.source import MODULES, ROOT, Module

PACKAGE = "globus_async"
BY_NAME = {module.name: module for module in MODULES}

Origin = tuple[str, str]
"""The module that defines a name, and the name."""


def public_modules() -> list[str]:
    """Return the modules whose names users import, which the build of the documentation checks."""
    tree = ast.parse((ROOT / "docs" / "conf.py").read_text())
    (value,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "PUBLIC"
    )
    return [*ast.literal_eval(value)]


@cache
def bindings(module: str) -> dict[str, Origin | ast.stmt]:
    """Return what each name of a module is: a name of another module, or the statement that defines it."""
    found: dict[str, Origin | ast.stmt] = {}
    if module == PACKAGE:
        return {name: (f"{PACKAGE}.{home}", name) for home, names in HOMES.items() for name in names}
    for node in ast.walk(BY_NAME[module].tree()):
        match node:
            case ast.ImportFrom():
                source = absolute(BY_NAME[module], node)
                found |= {alias.asname or alias.name: (source, alias.name) for alias in node.names}
            case ast.Import():
                found |= {(alias.asname or alias.name).split(".")[0]: (alias.name, "") for alias in node.names}
            case _:
                pass
    for node in BY_NAME[module].tree().body:
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found[name] = node
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                found[name] = node
            case _:
                pass
    return found


def absolute(module: Module, node: ast.ImportFrom) -> str:
    """Return the module that an import takes names from."""
    base = module.package.split(".")
    parts = base[: len(base) - node.level + 1] if node.level else []
    return ".".join([*parts, *([node.module] if node.module else [])])


def origin_of(module: str, name: str) -> tuple[Origin, ast.stmt] | None:
    """Follow a name to its definition; ``None`` for one that is not of this package."""
    seen: set[Origin] = set()
    while module in BY_NAME and (module, name) not in seen:
        seen.add((module, name))
        bound = bindings(module).get(name)
        if isinstance(bound, ast.stmt):
            return (module, name), bound
        if bound is None:
            return None
        module, name = bound if bound[0] in BY_NAME else ("", "")
    return None


def listed(module: str) -> list[str]:
    """Return the names in ``__all__`` of a module."""
    if module == PACKAGE:
        return [name for names in HOMES.values() for name in names]
    statement = bindings(module)["__all__"]
    assert isinstance(statement, ast.Assign)
    return [*ast.literal_eval(statement.value)]


def public_names() -> dict[Origin, ast.stmt]:
    """Return the definitions of all public names."""
    found = (origin_of(module, name) for module in PUBLIC for name in listed(module))
    return dict(each for each in found if each is not None)


def is_of_the_emulator(origin: Origin) -> bool:
    """Whether it is one of the emulator's own models, which are documented with the emulator."""
    return origin[0].startswith(f"{PACKAGE}.emulator")


INTERNAL = {
    "globus_async.fsspec.collection_files.CollectionFiles": "between the parts of the file system",
    "globus_async.fsspec.known_files.KnownFile": "between the parts of the file system",
    "globus_async.fsspec.known_files.Segment": "between the parts of the file system",
    "globus_async.fsspec.staged_file.StagedFile": "between the parts of the file system",
    "globus_async.fsspec.write_file.AsyncWriteFile": "between the parts of the file system",
    "globus_async.fsspec.write_file.WriteFile": "between the parts of the file system",
    "globus_async.sync.loop_thread.LoopThread": "between `blocking` and what it makes",
    "globus_async._http.request.Request": "between clients and the transport",
    "globus_async._polling.shared_poller.SharedPoller": "between a client and what it makes",
    "globus_async.services.search.ingest.batches.BatchReader": "between a client and what it makes",
    "globus_async.services.search.ingest.batches.ItemKind": "between a client and what it makes",
    "globus_async.services.search.ingest.journal.BatchJournal": "between a client and what it makes",
    "globus_async.services.search.ingest.submission.BatchOptions": "between a client and what it makes",
    "globus_async.transport._attempt.Sender": "between clients and the transport",
    "globus_async.transport._origin.Origin": "between clients and the transport",
    "globus_async.transport._call.Call": "between clients and the transport",
}
"""Types in signatures that only this package calls, and why."""

PUBLIC = public_modules()
NAMES = public_names()


def annotations_of(statement: ast.stmt) -> Iterator[ast.expr]:
    """Yield the annotations that users see: of arguments, results and attributes, and what an alias stands for."""
    match statement:
        case ast.FunctionDef(args=args, returns=returns) | ast.AsyncFunctionDef(args=args, returns=returns):
            arguments = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
            yield from (each.annotation for each in arguments if each is not None and each.annotation is not None)
            if returns is not None:
                yield returns
        case ast.ClassDef(body=body, bases=bases):
            yield from (base.slice for base in bases if isinstance(base, ast.Subscript))
            for member in body:
                if not private(member):
                    yield from annotations_of(member)
        case ast.AnnAssign(annotation=annotation):
            yield annotation
        case ast.Assign(value=ast.Subscript() | ast.BinOp() as value):
            yield value
        case _:
            return


def private(member: ast.stmt) -> bool:
    """Whether a member of a class is none of its public interface."""
    name = getattr(member, "name", "")
    if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name):
        name = member.target.id
    return name.startswith("_") and name not in {"__init__", "__await__", "__aenter__", "__aiter__", "__call__"}


def type_names(annotation: ast.expr) -> Iterator[str]:
    """Yield the names in an annotation; text within it is read as code, but for the values of ``Literal``."""
    pending: list[ast.AST] = [annotation]
    while pending:
        node = pending.pop()
        match node:
            case ast.Subscript(value=ast.Name(id="Literal")):
                continue
            case ast.Constant(value=str() as text):
                pending.append(ast.parse(text, mode="eval").body)
            case ast.Name(id=name):
                yield name
            case _:
                pending += ast.iter_child_nodes(node)


def is_type_variable(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign) and ast.unparse(statement.value).split("(")[0] in {"TypeVar", "ParamSpec"}


def hidden_types(origin: Origin, statement: ast.stmt) -> set[str]:
    """
    Return the types in a definition that no public module exports.

    What a class inherits from a private class counts as its own; a private alias or protocol counts as what it is made
    of, because nobody has to name it.
    """
    used = [name for annotation in annotations_of(statement) for name in type_names(annotation)]
    bases = [base.value if isinstance(base, ast.Subscript) else base for base in getattr(statement, "bases", ())]
    inherited = [base.id for base in bases if isinstance(base, ast.Name)]
    hidden: set[str] = set()
    for name in {*used, *inherited}:
        found = origin_of(origin[0], name)
        if found is None or found[0] in NAMES or found[0] == origin or is_type_variable(found[1]):
            continue
        if name in inherited or found[0][1].startswith("_"):
            hidden |= hidden_types(*found)
        else:
            hidden.add(".".join(found[0]))
    return hidden - INTERNAL.keys()


@pytest.mark.parametrize("origin", [name for name in NAMES if not is_of_the_emulator(name)], ids=".".join)
def test_types_in_public_signatures_are_public(origin: Origin) -> None:
    """Arguments, results, attributes and base classes, types that are imported for checkers only included."""
    assert hidden_types(origin, NAMES[origin]) == set()


def test_a_hidden_type_is_found() -> None:
    """In an argument, an attribute or text; type variables and other packages' types are none."""
    source = (
        "class C(Generic[T]):\n    def call(self, fields: 'Fields | None', data: T, retry: RetryPolicy) -> None: ...\n"
    )
    statement = ast.parse(source).body[0]
    assert hidden_types(("globus_async.client.core", "C"), statement) == {"globus_async._http.headers.Fields"}


ANY: dict[str, tuple[str, ...]] = {
    "what a coroutine yields to the event loop, of which annotations say nothing": (
        "bulk_calls.Bulk.__await__",
        "fastapi.login.GlobusLogin.client",
        "fastapi.login.GlobusLogin.member_of",
        "paging.iteration.Prefetch.__init__",
        "paging.pages.Pages.__await__",
        "services.auth.identities.Consents.__await__",
        "services.search.ingest.submission.SubmittedBatches.__await__",
        "services.transfer.batch.documents.DocumentSubmission.__await__",
        "services.transfer.batch.submission.BatchSubmission.__await__",
    ),
    "of every type parameter: values of several types are kept together": (
        "_single_flight.TaskOwner.adopt",
        "bulk_calls.BulkError.outcomes",
        "services.auth.tokens.AuthLoginClient.error_kinds",
        "services.compute.client.ComputeClientV2.error_kinds",
        "services.compute.client.ComputeClientV3.error_kinds",
        "services.flows.client.FlowsClient.error_kinds",
        "services.flows.specific_flow.SpecificFlowClient.error_kinds",
        "services.gcs.client.GCSClient.error_kinds",
        "services.groups.client.GroupsClient.error_kinds",
        "services.search.client.SearchClient.error_kinds",
        "services.timers.client.TimersClient.error_kinds",
        "services.transfer.client.TransferClient.error_kinds",
        "services.transfer_v2.client.TransferClientV2.error_kinds",
        "transport._transport.Transport.adopt",
        "transport._transport.Transport.call",
        "transport._transport.Transport.maybe_executed",
    ),
    "the implementation of overloads, or of any response class": (
        "client.base.BaseClient.call",
        "response.read_any",
        "response.read_document",
        "services.auth.tokens.AuthLoginClient.oauth2_token",
    ),
    "a part of a JSON document that no type declares, which every user reads by its own knowledge": (
        "services.compute.documents.ComputeEndpointDocument.user_config_schema",
        "services.compute.documents.EndpointMetadataDocument.user_config_schema",
        "services.compute.documents.QueueDocument.queue_publish_kwargs",
        "services.compute.documents.SubmissionDocumentV3.user_endpoint_config",
        "services.compute.documents.ComputeTaskDocument.details",
        "services.compute.documents.UserRuntimeDocument.platform",
        "services.compute.documents.UserRuntimeDocument.python",
        "services.compute.errors.ComputeAPIError.error_args",
        "services.compute.errors.TasksUncertain.document",
        "_http.response.RawResponse.error_document",
        "_http.response.RawResponse.json",
        "_http.response.RawResponse.read_json",
        "errors.api.ErrorResponse.error_document",
        "errors.authorization.GARE.extra",
        "errors.authorization.GARE.from_dict",
        "errors.authorization.GARE.to_dict",
        "errors.authorization.GlobusAuthorizationParameters.extra",
        "errors.authorization.GlobusAuthorizationParameters.for_authorize_url",
        "errors.authorization.GlobusAuthorizationParameters.from_dict",
        "errors.authorization.GlobusAuthorizationParameters.from_well_formed",
        "errors.authorization.GlobusAuthorizationParameters.to_dict",
        "errors.document.ErrorSubdocument.get",
        "errors.document.ErrorSubdocument.raw",
        "errors.network.SubmissionUncertain.document",
        "fastapi.principal.Principal.document",
        "fastapi.principal.Principal.from_introspection",
        "paging.page.Page.__init__",
        "paging.styles.PagingStyle.has_more",
        "paging.styles.PagingStyle.next_cursor",
        "paging.styles.PagingStyle.predict_cursors",
        "services.flows.documents.FlowDocument.definition",
        "services.flows.documents.FlowDocument.globus_auth_scopes_by_RunAs",
        "services.flows.documents.FlowDocument.input_schema",
        "services.flows.documents.RegisteredAPIDocument.data_templates",
        "services.flows.documents.RegisteredAPIDocument.state_input_schema",
        "services.flows.documents.RegisteredAPIDocument.target",
        "services.flows.documents.RunDefinitionDocument.definition",
        "services.flows.documents.RunDefinitionDocument.input_schema",
        "services.flows.documents.RunDocument.details",
        "services.flows.documents.RunLogEntryDocument.details",
        "services.flows.documents.WebInputDocument.context",
        "services.flows.documents.WebInputDocument.input_schema",
        "services.flows.specific_flow.SpecificFlowClient.run_flow",
        "services.flows.specific_flow.SpecificFlowClient.validate_run",
        "services.flows.waiting.outcomes.RunOutcome.details",
        "services.flows.waiting.outcomes.RunOutcome.output",
        "services.gcs.documents.CollectionCheckDocument.error",
        "services.gcs.documents.GCSCollectionDocument.activity_notification_policy",
        "services.gcs.documents.GCSCollectionDocument.associated_flow_policy",
        "services.gcs.documents.GCSCollectionDocument.policies",
        "services.gcs.documents.GCSResultDocument.data",
        "services.gcs.documents.GCSResultDocument.detail",
        "services.gcs.documents.GCSStorageGatewayDocument.identity_mappings",
        "services.gcs.documents.GCSStorageGatewayDocument.policies",
        "services.gcs.documents.GCSUserCredentialDocument.policies",
        "services.gcs.documents.StreamGatewayDocument.identity_mappings",
        "services.gcs.local_server.LocalGlobusConnectServer.info_dict",
        "services.gcs.responses.IterableGCSResponse.__init__",
        "services.gcs.responses.UnpackingGCSResponse.__init__",
        "services.timers.data.FlowTimer.__init__",
        "services.timers.data.TimerJob.__init__",
        "services.timers.data.TransferTimer.__init__",
        "services.timers.documents.InactiveReasonDocument.detail",
        "services.timers.documents.JobDocument.callback_body",
        "services.timers.documents.TimerDocument.body",
        "services.timers.documents.TimerResultDocument.data",
        "services.timers.documents.TimerResultDocument.errors",
        "services.timers.schedules.RecurringTimerSchedule.__init__",
        "response.GlobusHTTPResponse.get",
        "response.IterableResponse.__init__",
        "scopes.consents.Consent.load",
        "scopes.consents.ConsentForest.__init__",
        "scopes.consents.ConsentParseError.__init__",
        "services.auth.documents.AuthenticationDocument.custom_claims",
        "services.auth.documents.IntrospectionDocument.identity_set_detail",
        "services.auth.documents.IntrospectionDocument.policy_evaluations",
        "services.auth.documents.ProjectAdminsDocument.groups",
        "services.auth.id_token_decoder.IDTokenDecoder.decode",
        "services.auth.responses.IntrospectionResponse.__init__",
        "services.auth.responses.OAuthDependentTokenResponse.__init__",
        "services.auth.responses.OAuthTokenResponse.__init__",
        "services.auth.responses.OAuthTokenResponse.decode_id_token",
        "services.search.documents.BucketDocument.value",
        "services.search.documents.EntryDocument.content",
        "services.search.documents.FieldMappingsDocument.mappings",
        "services.search.documents.IndexDocument.entry_schema",
        "services.search.documents.ResultEntryDocument.content",
        "services.search.documents.ResultEntryDocument.principal_sets",
        "services.search.documents.SearchTaskDocument.additional_details",
        "services.search.errors.SearchAPIError.error_data",
        "services.search.waiting.SearchTaskOutcome.details",
        "token_storage.globus_cli.GlobusCLITokenStorage.read_config",
        "token_storage.token_data.TokenResponse.by_resource_server",
        "token_storage.token_data.TokenStorageData.__init__",
        "token_storage.token_data.TokenStorageData.extra",
        "token_storage.token_data.TokenStorageData.from_dict",
        "token_storage.token_data.TokenStorageData.to_dict",
    ),
    "the interface of fsspec, which has no annotations": ("fsspec.filesystem.GlobusFileSystem.open_async",),
    "the interface of httpx.AsyncClient, and of clients like it": (
        "transport._http_client.HTTPClient.build_request",
        "transport._http_client.HTTPClient.send",
    ),
    "functions of users, whose arguments may be declared more narrowly; and names of modules": (
        "authorizers.renewing.OnRefresh",
        "fastapi.backend.GlobusBackend.client",
        "globus_app.config.TokenValidationErrorHandler.__call__",
        "paging.truncation.CallSite.names",
        "testing.globus.GlobusEmulator.transport",
    ),
    "type checkers read the stub of globus_async.sync, which has no Any of its own": (
        "sync.proxy.Blocking.__init__",
        "sync.proxy.Blocking.iterate",
        "sync.proxy.Blocking.result",
        "sync.proxy.Blocking.run",
        "sync.proxy.Blocking.wrapped",
        "sync.proxy.blocking",
        "sync.proxy.bulk",
    ),
}
"""Where public signatures have ``Any``, by reason; anything else is ``object``, a document or a type parameter."""


def with_any() -> set[str]:
    """Return the public names, and members of public classes, with ``Any`` in their annotations."""
    found: set[str] = set()
    for (module, name), statement in NAMES.items():
        if is_of_the_emulator((module, name)):
            continue
        home = f"{module.removeprefix(f'{PACKAGE}.')}.{name}"
        members: dict[str, list[ast.stmt]] = {home: [statement]}
        if isinstance(statement, ast.ClassDef):
            members = {}
            for member in statement.body:
                target = getattr(member, "target", None)
                own = getattr(member, "name", getattr(target, "id", None))
                if own is not None and not private(member):
                    members.setdefault(f"{home}.{own}", []).append(member)
        for where, statements in members.items():
            annotations = [each for one in statements for each in annotations_of(one)]
            if any("Any" in type_names(annotation) for annotation in annotations):
                found.add(where)
    return found


def test_public_signatures_have_any_for_a_reason_only() -> None:
    """A new ``Any`` is replaced, or gets its reason; one that is gone is removed from the list."""
    listed_names = [name for names in ANY.values() for name in names]
    assert sorted(with_any()) == sorted(listed_names)
