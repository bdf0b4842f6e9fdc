"""
The parts that every emulated service is made of.

A service is a package ``emulator/<name>/`` with these modules, and imports nothing of the other services:

========================  ==========================================================================================
``models.py``             Its resources, as dataclasses.
``documents.py``          The JSON documents of the resources.
``errors.py``             Its error format: a subclass of `errors.ServiceError` with `codes` and `document`.
``state.py``              All resources in one object, with methods for tests. Takes a `service.Platform`.
``routes.py``             The operations, and the table ``ROUTES`` of them. A package ``routes/`` if there are many.
``service.py``            A subclass of `service.Service`: name, hosts, variables, error format, tables, status page.
========================  ==========================================================================================

An operation is a coroutine function of the state and the request::

    async def get_note(state: NotesState, request: Request) -> Document:
        note = state.notes.get(request.path_id("note_id"))
        if note is None:
            raise NotesError(404, "NOT_FOUND", "No such note")
        return note_document(note)


    async def create_note(state: NotesState, request: Request) -> Document:
        fields = request.fields()
        text, pinned = fields.required("text", TEXT), fields.optional("pinned", BOOLEAN, default=False)
        note = Note(new_id(), request.caller.identity_id, text, pinned)
        state.notes[note.id] = note
        return note_document(note)


    ROUTES = (("GET", "/notes/{note_id}", get_note), ("POST", "/notes", create_note))

It returns a document, or a whole response where status or headers are not the usual ones (`responses`). It reads the
request with the methods of `request.Request` and `fields.Fields`, whose errors have the service's own format, and
raises that format's class for its own errors. `paging` cuts pages; `directory` has identities, groups and
subscriptions, the same ones for all services; `authentication` checks tokens. The other modules are `ids`, `clock` and
`secret`.

`GlobusEmulator` takes the services. `service.Service.environ` returns the variables with which clients find the
emulator, `service.Service.status_tables` the tables of the status page. An example of a whole service is
``tests/emulator/notes_service.py``.
"""
