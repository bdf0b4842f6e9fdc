"""
The parts that every emulated service is made of.

A service consists of the following parts. In this package, each is a module of ``emulator/<name>/``, which imports
nothing of the other services; a small service, or one of your own, can be a single module.

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

It returns a document, or a whole response (`responses`) if the response needs another status than 200 or headers of
its own. It reads the request with the methods of `request.Request` and `fields.Fields`, whose errors have the service's
own format, and raises the service's subclass of `errors.ServiceError` for other errors.

The service makes its state in its constructor, and checks access tokens in `service.Service.authenticate`::

    class NotesService(Service[NotesState]):
        name = "notes"
        title = "Notes"
        hosts = ("notes.example.org",)
        url_variables = ("GLOBUS_SDK_SERVICE_URL_NOTES",)
        scopes = ("https://notes.example.org/scopes/all",)
        errors = NotesError

        def __init__(self, platform: Platform) -> None:
            super().__init__(platform, NotesState(platform))
            self._authenticator = Authenticator(platform.authority, errors=NotesError, scopes=self.scopes)

        def tables(self) -> Mapping[str, RouteTable[NotesState]]:
            return {"/v1": ROUTES}

        def authenticate(self, request: Request) -> Caller | None:
            return self._authenticator.authenticate(request.authorization)

``GlobusEmulator(services=[NotesService])`` emulates it beside Auth and Transfer, which share the `service.Platform`:
the clock, the `directory` of identities, groups and subscriptions, and the issuer of access tokens. Requests reach it
by its hosts and, on the emulator's own address, by its paths.

Background work on the emulator's clock, and requests to other services of the emulator: `background`.

The other modules are `paging`, which divides listings into pages, `authentication`, `ids`, `clock`, `secret`, and
`status` for tables on the status page.
"""
