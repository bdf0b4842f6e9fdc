"""A small example service, built from the emulator's kit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from globus_async.emulator.kit.authentication import Authenticator, Caller
from globus_async.emulator.kit.errors import ErrorKind, ServiceError
from globus_async.emulator.kit.fields import BOOLEAN, TEXT
from globus_async.emulator.kit.ids import new_id
from globus_async.emulator.kit.paging import offset_page
from globus_async.emulator.kit.request import Request
from globus_async.emulator.kit.service import Document, Platform, RouteTable, Service
from globus_async.emulator.kit.status import Column, StatusTable


class NotesError(ServiceError):
    """The error format: an object ``error`` beside the request id."""

    codes: ClassVar = {ErrorKind.INVALID_FIELD: (422, "INVALID_NOTE")}

    def document(self, *, path: str, request_id: str) -> dict[str, Any]:
        """Return the body of the response."""
        error = {"code": self.code, "detail": self.message, "path": path, **self.members}
        return {"error": error, "debug_id": request_id}


@dataclass(slots=True)
class Note:
    """A note of an identity."""

    id: str
    owner_id: str
    text: str
    pinned: bool = False


@dataclass(eq=False)
class NotesState:
    """All notes."""

    platform: Platform
    notes: dict[str, Note] = field(default_factory=dict[str, Note])


async def list_notes(state: NotesState, request: Request) -> Document:
    """List the caller's notes."""
    mine = [each for each in state.notes.values() if each.owner_id == request.caller.identity_id]
    page = offset_page(request, mine, default_limit=2, max_limit=10)
    notes = [asdict(each) for each in page.entries]
    return {"notes": notes, "offset": page.start, "limit": page.limit, "has_next_page": page.has_next_page}


async def create_note(state: NotesState, request: Request) -> Document:
    """Create a note."""
    fields = request.fields()
    text, pinned = fields.required("text", TEXT), fields.optional("pinned", BOOLEAN, default=False)
    note = Note(new_id(), request.caller.identity_id, text, pinned)
    state.notes[note.id] = note
    return asdict(note)


async def delete_note(state: NotesState, request: Request) -> Document:
    """Delete a note; this needs another scope."""
    request.require_scope("notes:delete")
    note = state.notes.pop(request.path_id("note_id"), None)
    if note is None:
        raise NotesError(404, "NO_SUCH_NOTE", "There is no such note", note_id=request.path_id("note_id"))
    return asdict(note)


ROUTES: RouteTable[NotesState] = (
    ("GET", "/notes", list_notes),
    ("POST", "/notes", create_note),
    ("DELETE", "/notes/{note_id}", delete_note),
)


class NotesService(Service[NotesState]):
    """The service."""

    name = "notes"
    title = "Globus Notes"
    hosts = ("notes.api.globus.org",)
    url_variables = ("GLOBUS_SDK_SERVICE_URL_NOTES",)
    errors = NotesError
    headers: ClassVar = {"x-notes-version": "1"}

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, NotesState(platform))
        scopes = ("notes:all", "notes:delete")
        self._authenticator = Authenticator(platform.authority, errors=NotesError, scopes=scopes)

    def tables(self) -> Mapping[str, RouteTable[NotesState]]:
        """Return the routes under their prefix."""
        return {"/v1": ROUTES}

    def authenticate(self, request: Request) -> Caller | None:
        """Return the owner of the token."""
        return self._authenticator.authenticate(request.authorization)

    def status_tables(self) -> Sequence[StatusTable]:
        """Return a table of all notes."""
        columns = (Column("Note", "text", "name"), Column("Pinned", "pinned"))
        return [StatusTable("notes", "Notes", columns, lambda: [asdict(each) for each in self.state.notes.values()])]
