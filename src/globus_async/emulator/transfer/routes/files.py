"""File operations: list, stat, make a directory, rename, link."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

import anyio.to_thread

from ..authorized_storage import AuthorizedStorage
from ..call import Call, RouteTable, raw_answer, required_text, result
from ..documents import directory_text, file_document
from ..errors import ServiceError, disconnected_message, from_storage_error
from ..filters import file_filter, sort_documents
from ..permissions import check_not_paused, check_usable, check_visible
from ..storage import paths
from ..storage.paths import Parts, PathError
from ..storage.protocol import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

    from ..models import Collection, Document

__all__ = (
    "ROUTES",
    "at_storage",
    "check_connected",
    "list_directory",
    "make_directory",
    "make_link",
    "parse",
    "rename",
    "stat",
)

T = TypeVar("T")

_ORDER_FIELDS: Final = ("name", "type", "size", "last_modified", "permissions", "user", "group")


async def list_directory(call: Call) -> Response:
    """``ls``: read, filter, sort and cut a directory, all in a worker thread."""
    collection, view = _begin(call, "ls")
    text = call.query("path", collection.fields.get("default_directory"))
    path = parse(collection, text or "/~/")
    limit = call.number("limit", call.state.limits.ls_entries, most=call.state.limits.ls_entries)
    offset = call.number("offset", 0, most=1 << 53)
    show_hidden = call.query("show_hidden", "1") not in {"0", "false", "False"}
    wanted = file_filter(call.request.query_params.getlist("filter"))
    orderby = call.query("orderby")
    fields = call.query("fields")
    most = call.state.limits.ls_entries

    def work() -> bytes:
        entries = view.entries(path)
        if len(entries) > most:
            message = f"Directory {paths.joined(path)} has more than {most} entries, listing is limited to {most}"
            raise ServiceError(502, "ExternalError.DirListingFailed.SizeLimit", message)
        documents = [file_document(entry) for entry in entries if show_hidden or not entry.name.startswith(".")]
        documents = sort_documents(
            [each for each in documents if wanted(each)], orderby or "name", allowed=_ORDER_FIELDS
        )
        page = documents[offset : offset + limit]
        if fields:
            names = {"DATA_TYPE", *fields.split(",")}
            page = [{key: value for key, value in each.items() if key in names} for each in page]
        return json.dumps(
            {
                "DATA_TYPE": "file_list",
                "endpoint": collection.id,
                "path": directory_text(text, path, collection.home),
                "absolute_path": paths.joined(path, directory=True),
                "rename_supported": True,
                "symlink_supported": view.storage.has_symlinks,
                "length": len(page),
                "total": len(documents),
                "DATA": page,
            }
        ).encode()

    return raw_answer(await at_storage(work, "ls", collection, text or "/~/"))


async def stat(call: Call) -> Document:
    """Describe one file or directory."""
    collection, view = _begin(call, "ls")
    text = call.query("path", "/~/") or "/~/"
    path = parse(collection, text)
    entry = await at_storage(partial(view.stat, path), "stat", collection, text)
    return file_document(entry._replace(name=path[-1] if path else "/"))


async def make_directory(call: Call) -> Document:
    """Make a directory."""
    collection, view = _begin(call, "mkdir")
    text = required_text(call.document(), "path")
    await at_storage(partial(view.make_directory, parse(collection, text)), "mkdir", collection, text)
    return result(call, "DirectoryCreated", "The directory was created successfully", data_type="mkdir_result")


async def rename(call: Call) -> Document:
    """Rename or move a file or directory."""
    collection, view = _begin(call, "rename")
    document = call.document()
    old, new = required_text(document, "old_path"), required_text(document, "new_path")
    work = partial(view.rename, parse(collection, old), parse(collection, new))
    await at_storage(work, "rename", collection, old)
    return result(call, "FileRenamed", "File or directory renamed successfully")


async def make_link(call: Call) -> Document:
    """Make a symbolic link (historic)."""
    collection, view = _begin(call, "symlink")
    document = call.document()
    target, text = required_text(document, "symlink_target"), required_text(document, "path")
    path = parse(collection, text)
    if not view.storage.has_symlinks:
        raise ServiceError(409, "NotSupported", "The storage of this endpoint has no symbolic links")
    if target.startswith(("/", "~")):
        # A link is kept relative, so that it means the same wherever the root lies.
        up = "../" * (len(path) - 1)
        target = up + "/".join(parse(collection, target)) or "."
    await at_storage(partial(view.make_link, target, path), "symlink", collection, text)
    return result(call, "SymlinkCreated", "The symlink was created successfully")


def parse(collection: Collection, text: str) -> Parts:
    """
    Read a path of a request.

    Raises:
        ServiceError: No collection can have such a path.
    """
    try:
        return paths.parse(text, collection.home)
    except PathError as error:
        raise ServiceError(400, "BadRequest", f"Invalid path: {error}") from None


def _begin(call: Call, operation: str) -> tuple[Collection, AuthorizedStorage]:
    """Check all that comes before the storage is asked."""
    collection = call.collection()
    check_visible(call.state, collection, call.caller)
    check_usable(call.state, collection, call.caller)
    check_not_paused(call.state, collection, call.caller, operation)
    check_connected(collection, operation)
    collection.used_by.add(call.caller.identity_id)
    return collection, AuthorizedStorage(call.state, collection, call.caller.identity_ids)


def check_connected(collection: Collection, operation: str) -> None:
    """
    Demand that there is a server behind a collection.

    Raises:
        ServiceError: 502, as the service says it of Connect Personal endpoints that are offline.
    """
    if collection.storage is None:
        family = {"ls": "DirListingFailed", "mkdir": "MkdirFailed"}.get(operation, "CommandFailed")
        raise ServiceError(502, f"ExternalError.{family}.GCDisconnected", disconnected_message(collection))


async def at_storage(work: Callable[[], T], operation: str, collection: Collection, path: str) -> T:
    """Run a file operation in a worker thread, and answer what the storage said."""
    try:
        return await anyio.to_thread.run_sync(work)
    except StorageError as error:
        raise from_storage_error(error, operation, collection, path) from None


ROUTES: Final[RouteTable] = (
    ("GET", "/operation/endpoint/{endpoint_id}/ls", list_directory),
    ("GET", "/operation/endpoint/{endpoint_id}/stat", stat),
    ("POST", "/operation/endpoint/{endpoint_id}/mkdir", make_directory),
    ("POST", "/operation/endpoint/{endpoint_id}/rename", rename),
    ("POST", "/operation/endpoint/{endpoint_id}/symlink", make_link),
)
