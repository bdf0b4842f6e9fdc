"""File operations: list, stat, create a directory, rename, create a link."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

import anyio.to_thread

from ...kit.fields import TEXT
from ..authorized_storage import AuthorizedStorage
from ..documents import directory_text, file_document, result_document
from ..errors import TransferError, disconnected_message, from_storage_error
from ..filters import file_filter, sort_documents
from ..permissions import check_local_user, check_not_paused, check_usable, check_visible
from ..responses import encoded_response, select_fields
from ..storage import paths
from ..storage.paths import Parts, PathError
from ..storage.protocol import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

    from ...kit.request import Request
    from ...kit.service import Document, RouteTable
    from ..models import Collection
    from ..state import TransferState

__all__ = (
    "ROUTES",
    "check_connected",
    "list_directory",
    "make_directory",
    "make_link",
    "parse_path",
    "rename",
    "run_operation",
    "stat",
)

T = TypeVar("T")

_ORDER_FIELDS: Final = ("name", "type", "size", "last_modified", "permissions", "user", "group")


async def list_directory(state: TransferState, request: Request) -> Response:
    """List a directory; read, filtered, sorted and encoded in a worker thread."""
    collection, storage = _prepare(state, request, "ls")
    text = request.parameter("path", collection.fields.get("default_directory"))
    path = parse_path(collection, text or "/~/")
    max_entries = state.limits.ls_entries
    limit = request.integer("limit", max_entries, maximum=max_entries)
    offset = request.integer("offset", 0, maximum=1 << 53)
    show_hidden = request.flag("show_hidden", default=True)
    wanted = file_filter(request.parameters("filter"))
    orderby = request.parameter("orderby")
    fields, _ = request.parameter("fields"), request.parameter("format")
    check_local_user(state, collection, request.caller, request.parameter("local_user"))

    def work() -> bytes:
        entries = storage.entries(path)
        if len(entries) > max_entries:
            message = (
                f"Directory {paths.joined(path)} has more than {max_entries} entries, "
                f"listing is limited to {max_entries}"
            )
            raise TransferError(502, "ExternalError.DirListingFailed.SizeLimit", message)
        documents = [file_document(entry) for entry in entries if show_hidden or not entry.name.startswith(".")]
        documents = sort_documents(
            [each for each in documents if wanted(each)], orderby or "name", allowed=_ORDER_FIELDS
        )
        page = documents[offset : offset + limit]
        document: Document = {
            "DATA_TYPE": "file_list",
            "endpoint": collection.id,
            "path": directory_text(text, path, collection.home),
            "absolute_path": paths.joined(path, directory=True),
            "rename_supported": True,
            "symlink_supported": storage.storage.has_symlinks,
            "length": len(page),
            "total": len(documents),
            "DATA": page,
        }
        return json.dumps(select_fields(document, fields) if fields else document).encode()

    return encoded_response(await run_operation(work, "ls", collection, text or "/~/"))


async def stat(state: TransferState, request: Request) -> Document:
    """Read the document of one file or directory."""
    collection, storage = _prepare(state, request, "ls")
    text = request.parameter("path", "/~/") or "/~/"
    check_local_user(state, collection, request.caller, request.parameter("local_user"))
    path = parse_path(collection, text)
    entry = await run_operation(partial(storage.stat, path), "stat", collection, text)
    return file_document(entry._replace(name=path[-1] if path else "/"))


async def make_directory(state: TransferState, request: Request) -> Document:
    """Create a directory."""
    collection, storage = _prepare(state, request, "mkdir")
    fields = request.fields()
    text = fields.required("path", TEXT)
    check_local_user(state, collection, request.caller, fields.optional("local_user", TEXT))
    await run_operation(partial(storage.make_directory, parse_path(collection, text)), "mkdir", collection, text)
    return result_document(
        request, "DirectoryCreated", "The directory was created successfully", data_type="mkdir_result"
    )


async def rename(state: TransferState, request: Request) -> Document:
    """Rename or move a file or directory."""
    collection, storage = _prepare(state, request, "rename")
    fields = request.fields()
    old, new = fields.required("old_path", TEXT), fields.required("new_path", TEXT)
    check_local_user(state, collection, request.caller, fields.optional("local_user", TEXT))
    work = partial(storage.rename, parse_path(collection, old), parse_path(collection, new))
    await run_operation(work, "rename", collection, old)
    return result_document(request, "FileRenamed", "File or directory renamed successfully")


async def make_link(state: TransferState, request: Request) -> Document:
    """Create a symbolic link (historic)."""
    collection, storage = _prepare(state, request, "symlink")
    fields = request.fields()
    target, text = fields.required("symlink_target", TEXT), fields.required("path", TEXT)
    path = parse_path(collection, text)
    if not storage.storage.has_symlinks:
        raise TransferError(409, "NotSupported", "The storage of this endpoint has no symbolic links")
    if target.startswith(("/", "~")):
        # Stored as a relative target, which does not depend on the directory of the root.
        up = "../" * (len(path) - 1)
        target = up + "/".join(parse_path(collection, target)) or "."
    await run_operation(partial(storage.make_link, target, path), "symlink", collection, text)
    return result_document(request, "SymlinkCreated", "The symlink was created successfully")


def parse_path(collection: Collection, text: str) -> Parts:
    """
    Parse a path of a request.

    Raises:
        TransferError: 400, the path is invalid.
    """
    try:
        return paths.parse(text, collection.home)
    except PathError as error:
        raise TransferError(400, "BadRequest", f"Invalid path: {error}") from None


def _prepare(state: TransferState, request: Request, operation: str) -> tuple[Collection, AuthorizedStorage]:
    """Check everything that a file operation requires; return the collection and its storage."""
    collection = state.collection(request.path_id("endpoint_id"))
    check_visible(state, collection, request.caller)
    check_usable(state, collection, request.caller)
    check_not_paused(state, collection, request.caller, operation)
    check_connected(collection, operation)
    collection.used_by.add(request.caller.identity_id)
    return collection, AuthorizedStorage(state, collection, request.caller.identity_ids)


def check_connected(collection: Collection, operation: str) -> None:
    """
    Require that a collection is connected.

    Raises:
        TransferError: 502, as of disconnected Globus Connect Personal endpoints.
    """
    if collection.storage is None:
        family = {"ls": "DirListingFailed", "mkdir": "MkdirFailed"}.get(operation, "CommandFailed")
        raise TransferError(502, f"ExternalError.{family}.GCDisconnected", disconnected_message(collection))


async def run_operation(work: Callable[[], T], operation: str, collection: Collection, path: str) -> T:
    """
    Run a file operation in a worker thread.

    Raises:
        TransferError: The storage refused the operation.
    """
    try:
        return await anyio.to_thread.run_sync(work)
    except StorageError as error:
        raise from_storage_error(error, operation, collection, path) from None


ROUTES: Final[RouteTable[TransferState]] = (
    ("GET", "/operation/endpoint/{endpoint_id}/ls", list_directory),
    ("GET", "/operation/endpoint/{endpoint_id}/stat", stat),
    ("POST", "/operation/endpoint/{endpoint_id}/mkdir", make_directory),
    ("POST", "/operation/endpoint/{endpoint_id}/rename", rename),
    ("POST", "/operation/endpoint/{endpoint_id}/symlink", make_link),
)
