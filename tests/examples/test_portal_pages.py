"""Pages of the portal: all collections, forms that come back, consents in the middle of a transfer, error pages."""

from __future__ import annotations

import asyncio
import html
import json
import re
from typing import Any, ClassVar

import httpx
import pytest
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from examples.portal.transfers import default_label
from globus_async import Secret
from globus_async.fastapi import MemorySessionStore, SessionStoreUnavailable
from globus_async.testing import GlobusEmulator, MemoryStorage
from globus_async.testing.faults import status
from tests.examples.portal_visit import form_of, visit

ADA = "ada@meridian.example"
NOBODY = "00000000-0000-4000-8000-000000000000"


def cards(page: httpx.Response) -> list[str]:
    """Return the names of the collections on a page."""
    return re.findall(r'<li class="card">\s*<h2><a [^>]*><bdi>([^<]+)', page.text)


def collection_id(emulator: GlobusEmulator, name: str) -> str:
    """Return the id of a collection."""
    (found,) = (each.id for each in emulator.transfer.collections.values() if each.fields["display_name"] == name)
    return found


async def without_task_id(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Process a submission, and respond without the id of its task."""

    async def discard(_: Message) -> None:
        pass

    await app(scope, receive, discard)
    await JSONResponse({"task_id": None}, 202)(scope, receive, send)


async def filled(browser: httpx.AsyncClient, source: str, **fields: Any) -> dict[str, Any]:
    """Open a collection, and return the fields of its form with values."""
    page = await browser.get(f"/collections/{source}")
    return {**form_of(page.text[page.text.index("split") :]), "target": "/copied/", "label": "", **fields}


class TestCollections:
    async def test_all_are_shown(self) -> None:
        """Also as destinations; more than a search returns by default."""
        async with visit(ADA) as (emulator, browser):
            for number in range(60):
                emulator.add_collection(f"Shelf {number:02}", storage=MemoryStorage())
            page = await browser.get("/collections")
            assert len(cards(page)) == 66
            assert "There are more" not in page.text
            page = await browser.get(f"/collections/{collection_id(emulator, 'Beamline 7')}")
            assert page.text.count("<option") == 65

    async def test_a_search_with_many_results(self) -> None:
        """The page says that there are more."""
        async with visit() as (emulator, browser):
            for number in range(101):
                emulator.add_collection(f"Shelf {number:03}", storage=MemoryStorage())
            page = await browser.get("/collections", params={"q": "shelf"})
            assert len(cards(page)) == 100
            assert "There are more than these 100 collections." in page.text

    async def test_a_folder_with_many_entries(self) -> None:
        """The page shows the first ones, which can all be selected, and says how to transfer the others."""
        async with visit() as (emulator, browser):
            files: dict[str, Any] = {f"{number:04}": "x" for number in range(1001)}
            full = emulator.add_collection("Full", storage=MemoryStorage(files))
            page = await browser.get(f"/collections/{full.id}")
            names = re.findall(r'name="names" value="([^"]*)"', page.text)
            assert len(names) == 900
            assert "more than these 900 entries" in page.text
            form = await filled(browser, full.id, names=names, destination=full.id)
            assert (await browser.post("/transfers", data=form)).headers.get("location") == "/tasks"


class TestFolders:
    @pytest.mark.parametrize(
        ("sort", "expected"),
        [
            ("name", ["b/", "z/", "a.txt", "c.h5", "d.png"]),
            ("-name", ["z/", "b/", "d.png", "c.h5", "a.txt"]),
            ("size", ["b/", "z/", "d.png", "a.txt", "c.h5"]),
            ("-size", ["b/", "z/", "c.h5", "a.txt", "d.png"]),
        ],
    )
    async def test_the_order(self, sort: str, expected: list[str]) -> None:
        """Folders are first; the column that is sorted is announced, and its link reverses the order."""
        async with visit(ADA) as (emulator, browser):
            files: dict[str, Any] = {"a.txt": "xx", "c.h5": "xxx", "d.png": "x", "z/": None, "b/": None}
            folder = emulator.add_collection("Mixed", storage=MemoryStorage(files))
            page = await browser.get(f"/collections/{folder.id}", params={"sort": sort})
            assert re.findall(r'name="names" value="([^"]*)"', page.text) == expected
            direction = "descending" if sort.startswith("-") else "ascending"
            column = sort.removeprefix("-")
            assert re.findall(r'class="(\w+)" aria-sort="(\w+)"', page.text) == [(column, direction)]
            reverse = column if sort.startswith("-") else f"-{column}"
            assert f"sort={reverse}" in page.text
            assert re.findall(r'<td class="type">(\w+)', page.text).count("Folder") == 2
            assert page.text.count("<time datetime=") == 5

    async def test_an_unknown_order(self) -> None:
        """It is refused."""
        async with visit(ADA) as (emulator, browser):
            page = await browser.get(f"/collections/{collection_id(emulator, 'Beamline 7')}?sort=colour")
            assert page.status_code == 422

    @pytest.mark.parametrize(
        ("path", "code", "words", "back"),
        [
            (
                "/2027-03 perovskite/raw/",
                "EndpointPermissionDenied",
                "You may not read this folder",
                "2027-03 perovskite",
            ),
            ("/gone/", "ClientError.NotFound", "This folder does not exist", "Beamline 7"),
            ("/", "ExternalError.DirListingFailed.GCDisconnected", "This collection is offline", None),
            ("/x/", "ExternalError.DirListingFailed", "The collection could not list this folder", "Beamline 7"),
            ("/x/", "ClientError.Conflict.OperationPaused", "This collection is paused", "Beamline 7"),
        ],
    )
    async def test_a_folder_that_cannot_be_read(self, path: str, code: str, words: str, back: str | None) -> None:
        """The reason, what to do, and the way to the folder above."""
        async with visit(ADA) as (emulator, browser):
            source = collection_id(emulator, "Beamline 7")
            document = {"code": code, "message": "internal words"}
            http_status = 404 if "NotFound" in code else 502 if "External" in code else 403
            ls = f"/v0.10/operation/endpoint/{source}/ls"
            emulator.faults.add("GET", ls, status(http_status, document=document), times=9)
            page = await browser.get(f"/collections/{source}", params={"path": path})
            assert page.status_code == http_status
            assert f"<h1>{words}</h1>" in page.text
            assert "internal words" not in page.text
            assert re.findall(r'href="[^"]*">Back to ([^<]+)', page.text) == ([back] if back else [])
            assert 'href="/collections">All collections' in page.text
            assert ("This page is tried again" in page.text) == (http_status == 502)

    async def test_nowhere_to_transfer_to(self) -> None:
        """The page says so, and has no form that could be sent."""
        async with visit() as (emulator, browser):
            lab = emulator.add_collection("Lab", storage=MemoryStorage({"a": "x"}))
            page = await browser.get(f"/collections/{lab.id}")
            assert "You have no other collection" in page.text
            assert 'id="start"' not in page.text

    async def test_without_scripts(self) -> None:
        """Only what works is shown: no filter, no box for all, no count; the state is shown again by a link."""
        async with visit(ADA) as (emulator, browser):
            page = await browser.get(f"/collections/{collection_id(emulator, 'Beamline 7')}")
            for control in ('<p id="filter"', '<p id="selected"', '<div id="bar"', "<label hidden>"):
                start = page.text.index(control)
                assert "hidden" in page.text[start : page.text.index(">", start) + 1]
            form = await filled(
                browser,
                collection_id(emulator, "Beamline 7"),
                names=["README.txt"],
                destination=collection_id(emulator, "Campus cluster"),
                label="Plain",
            )
            tasks = await browser.post("/transfers", data=form, follow_redirects=True)
            assert "Plain</bdi>" in tasks.text
            assert '<noscript><a class="quiet" href="/tasks">' in tasks.text
            task = await browser.get(f"/tasks/{emulator.tasks[0].id}")
            assert "0 B of 30 B" in task.text
            assert "Data is encrypted on its way." in task.text
            cancelled = await browser.post(
                f"/tasks/{emulator.tasks[0].id}/cancel", data=form_of(task.text), follow_redirects=True
            )
            assert 'data-state="CANCELED"' in cancelled.text

    async def shown(self, browser: httpx.AsyncClient, address: str, text: str) -> str:
        """Return a page as soon as it has a text."""
        async with asyncio.timeout(20):
            while text not in (page := (await browser.get(address)).text):  # noqa: ASYNC110 -- no event for it
                await asyncio.sleep(0.1)
        return page

    async def test_details_of_a_transfer(self) -> None:
        """Its events in words, the report of the server, and its files once it is done."""
        async with visit(ADA) as (emulator, browser):
            source, full = (collection_id(emulator, name) for name in ("Beamline 7", "Course share"))
            form = await filled(browser, source, names=["README.txt"])
            await browser.post("/transfers", data={**form, "destination": full})
            page = await self.shown(browser, f"/tasks/{emulator.tasks[0].id}", "no space left")
            assert "The destination has no space left for you." in page
            assert "Delete files there or ask for more space." in page
            assert "Report of the server" in page
            form = await filled(browser, source, names=["README.txt"])
            await browser.post("/transfers", data={**form, "destination": collection_id(emulator, "Long-term archive")})
            page = await self.shown(browser, f"/tasks/{emulator.tasks[-1].id}", "Completed")
            assert "<bdi>/copied/README.txt</bdi>" in page
            assert "took 1 second" in page
            unknown = await browser.get(f"/tasks/{NOBODY}")
            assert (unknown.status_code, "Back to the collections" in unknown.text) == (404, True)


class TestForms:
    async def test_nothing_selected(self) -> None:
        """The form comes back with a message, and with what was filled in; no task is submitted."""
        async with visit(ADA) as (emulator, browser):
            source, archive = (collection_id(emulator, name) for name in ("Beamline 7", "Long-term archive"))
            page = await browser.get(f"/collections/{source}", params={"path": "/2027-02 silica gel/"})
            form = {**form_of(page.text[page.text.index("split") :]), "destination": archive, "target": "/kept/"}
            page = await browser.post("/transfers", data={**form, "label": "My & label"}, follow_redirects=True)
            assert page.status_code == 200
            assert "Please select at least one file or folder." in page.text
            assert f'<option value="{archive}" selected>' in page.text
            assert 'value="/kept/"' in page.text
            assert 'value="My &amp; label"' in page.text
            assert "scan-0.h5" in page.text
            assert emulator.tasks == []

    @pytest.mark.parametrize("refused", [False, True])
    async def test_a_consent_in_the_middle_of_a_transfer(self, refused: bool) -> None:
        """The user consents at Globus, and finds the same selection, which can then be submitted."""
        async with visit(ADA) as (emulator, browser):
            source, vault = (collection_id(emulator, name) for name in ("Beamline 7", "Genome vault"))
            names = ["2027-02 silica gel/", "README.txt"]
            form = await filled(browser, source, names=names, destination=vault, label="Sensitive")
            asked = await browser.post("/transfers", data=form)
            assert asked.status_code == 303
            assert "data_access" in asked.headers["location"]
            assert emulator.tasks == []
            if refused:
                state = httpx.URL(asked.headers["location"]).params["state"]
                page = await browser.get("/callback", params={"error": "access_denied", "state": state})
                assert page.status_code == 400
                assert "You declined" in page.text
                assert 'href="/collections"' in page.text
                return
            granted = emulator.auth.authorize(asked.headers["location"], emulator.directory.find(ADA))
            page = await browser.get(granted.url, follow_redirects=True)
            assert page.url.path == f"/collections/{source}"
            assert "Access has been granted." in page.text
            checked = re.findall(r'name="names" value="([^"]*)"[^>]* checked', page.text)
            assert checked == names
            assert f'<option value="{vault}" selected>' in page.text
            form = form_of(page.text[page.text.index("split") :])
            again = {**form, "names": checked, "destination": vault, "target": "/copied/", "label": "Sensitive"}
            assert (await browser.post("/transfers", data=again)).headers["location"] == "/tasks"
            assert [task.label for task in emulator.tasks] == ["Sensitive"]

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"label": "x" * 129}, "Please choose a label of at most 128 characters."),
            ({"label": "two\nlines"}, "Globus did not accept the transfer: Invalid value for field 'label'"),
            ({"target": "/../../etc/"}, "Globus did not accept the transfer: Invalid path"),
            ({"destination": NOBODY}, "Globus did not accept the transfer: No such endpoint"),
        ],
    )
    async def test_a_refused_transfer(self, fields: dict[str, str], message: str) -> None:
        """The form comes back with the reason, the selection, and what was filled in."""
        async with visit(ADA) as (emulator, browser):
            source, archive = (collection_id(emulator, name) for name in ("Beamline 7", "Long-term archive"))
            names = ["2027-02 silica gel/", "README.txt"]
            form = await filled(browser, source, **{"names": names, "destination": archive, **fields})
            page = await browser.post("/transfers", data=form, follow_redirects=True)
            assert page.status_code == 200
            assert message in html.unescape(page.text)
            assert re.findall(r'name="names" value="([^"]*)"[^>]* checked', page.text) == names
            assert f'name="target" value="{form["target"]}"' in page.text
            assert emulator.tasks == []

    async def test_a_transfer_that_may_have_been_started(self) -> None:
        """It is started again with the same submission id, so it runs once; another one has another id."""
        async with visit(ADA) as (emulator, browser):
            source, archive = (collection_id(emulator, name) for name in ("Beamline 7", "Long-term archive"))
            form = await filled(browser, source, names=["README.txt"], destination=archive)
            emulator.faults.add("POST", "/v0.10/transfer", without_task_id)
            page = await browser.post("/transfers", data=form, follow_redirects=True)
            assert "did not confirm the transfer" in page.text
            again = {**form, **form_of(page.text[page.text.index("split") :])}
            assert again["submission_id"] == form["submission_id"]
            changed = await browser.post("/transfers", data={**again, "target": "/other/"}, follow_redirects=True)
            assert "may have been started" in changed.text
            assert len(emulator.tasks) == 1
            assert (await browser.post("/transfers", data=again)).headers["location"] == "/tasks"
            assert len(emulator.tasks) == 1
            other = {**again, "target": "/other/", **form_of(changed.text[changed.text.index("split") :])}
            assert other["submission_id"] != form["submission_id"]
            assert (await browser.post("/transfers", data=other)).headers["location"] == "/tasks"
            assert len(emulator.tasks) == 2

    async def test_a_file_of_unknown_size(self) -> None:
        """Its transfer starts all the same."""

        async def without_sizes(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
            document = {"DATA_TYPE": "file_list", "DATA": [{"name": "notes.txt", "type": "file", "size": None}]}
            await JSONResponse({**document, "total": 1})(scope, receive, send)

        async with visit(ADA) as (emulator, browser):
            source, archive = (collection_id(emulator, name) for name in ("Campus cluster", "Long-term archive"))
            form = await filled(browser, source, destination=archive, names=["notes.txt"])
            emulator.faults.add("GET", f"/v0.10/operation/endpoint/{source}/ls", without_sizes)
            answer = await browser.post("/transfers", data=form)
            assert (answer.status_code, answer.headers["location"]) == (303, "/tasks")

    async def test_an_empty_destination_folder(self) -> None:
        """It stands for the topmost folder of the destination."""
        async with visit(ADA) as (emulator, browser):
            source, archive = (collection_id(emulator, name) for name in ("Beamline 7", "Long-term archive"))
            form = await filled(browser, source, names=["README.txt"], destination=archive, target="")
            page = await browser.post("/transfers", data=form)
            assert (page.status_code, page.headers.get("location")) == (303, "/tasks")
            assert len(emulator.tasks) == 1

    async def test_a_form_of_another_user(self) -> None:
        """The address of a form that came back shows nothing to others."""
        async with visit(ADA) as (emulator, browser):
            source = collection_id(emulator, "Beamline 7")
            form = await filled(browser, source, destination=source, label="Ada's label")
            address = (await browser.post("/transfers", data=form)).headers["location"]
            assert "Ada&#39;s label" in (await browser.get(address)).text
            asked = (await browser.get("/login")).headers["location"]
            await browser.get(emulator.auth.authorize(asked, emulator.directory.find("noor@coast.example")).url)
            page = await browser.get(address)
            assert page.status_code == 200
            assert "Ada&#39;s label" not in page.text

    async def test_a_long_name(self) -> None:
        """The label made of it is no longer than Globus accepts."""
        async with visit(ADA) as (emulator, browser):
            name = "ä" * 125
            source = emulator.add_collection("Long", storage=MemoryStorage({name: "x", "b": "y"}))
            form = await filled(browser, source.id, names=[name, "b"], destination=source.id)
            assert (await browser.post("/transfers", data=form)).headers["location"] == "/tasks"
            (task,) = emulator.tasks
            assert task.label == f"{'ä' * 116}… and 1 more"
            assert len(task.label or "") == 128

    @pytest.mark.parametrize("length", [1, 127, 128, 129, 1000])
    @pytest.mark.parametrize("count", [1, 2, 1000])
    def test_default_labels(self, length: int, count: int) -> None:
        """At most 128 characters, and no shorter than necessary."""
        label = default_label(["x" * length, *["y"] * (count - 1)])
        assert len(label) <= 128
        assert label.startswith("x")
        assert (label.count("x") == length) == (length + (len(f" and {count - 1} more") if count > 1 else 0) <= 128)


class TestEndedSessions:
    """The session of a form has ended when the form is sent: by time, by a logout, or by another login."""

    OWN: ClassVar = {"Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-origin"}

    async def sent_after(
        self, emulator: GlobusEmulator, browser: httpx.AsyncClient, *, ends: str, **fields: Any
    ) -> tuple[httpx.Response, dict[str, Any]]:
        """Fill in a form, end the session, and send the form."""
        source, archive = (collection_id(emulator, name) for name in ("Beamline 7", "Long-term archive"))
        names = ["2027-02 silica gel/", "README.txt"]
        form = {**await filled(browser, source, names=names, destination=archive, label="Kept"), **fields}
        if ends == "by another login":
            await self.log_in(emulator, browser, (await browser.get("/login")).headers["location"], ADA)
        elif ends == "by a logout":
            assert (await browser.post("/logout", data=form)).status_code == 303
        else:
            browser.cookies.clear()
        return await browser.post("/transfers", data=form, headers=self.OWN), form

    async def log_in(
        self, emulator: GlobusEmulator, browser: httpx.AsyncClient, address: str, username: str
    ) -> httpx.Response:
        granted = emulator.auth.authorize(address, emulator.directory.find(username))
        return await browser.get(granted.url, follow_redirects=True)

    @pytest.mark.parametrize("ends", ["by time", "by a logout", "by another login"])
    async def test_the_selection_is_kept(self, ends: str) -> None:
        """The user logs in again if need be, finds the same selection, and can submit it; nothing is started before."""
        async with visit(ADA) as (emulator, browser):
            answer, form = await self.sent_after(emulator, browser, ends=ends)
            assert answer.status_code == 303
            if ends == "by another login":
                page = await browser.get(answer.headers["location"])
            else:
                page = await self.log_in(emulator, browser, answer.headers["location"], ADA)
            assert page.url.path == f"/collections/{form['source']}"
            assert "Your session had ended" in page.text
            assert re.findall(r'name="names" value="([^"]*)"[^>]* checked', page.text) == form["names"]
            assert f'<option value="{form["destination"]}" selected>' in page.text
            assert emulator.tasks == []
            again = {**form, **form_of(page.text[page.text.index("split") :])}
            assert (await browser.post("/transfers", data=again, headers=self.OWN)).headers["location"] == "/tasks"
            assert [task.label for task in emulator.tasks] == ["Kept"]

    async def test_another_user_does_not_see_it(self) -> None:
        """Who logs in instead comes to the same collection, without the selection."""
        async with visit(ADA) as (emulator, browser):
            answer, _ = await self.sent_after(emulator, browser, ends="by a logout")
            page = await self.log_in(emulator, browser, answer.headers["location"], "noor@coast.example")
            assert page.status_code == 200
            assert "Kept" not in page.text
            assert "checked>" not in page.text

    async def test_strangers_store_nothing(self) -> None:
        """A form that was shown to nobody leads to a login and to its collection."""
        async with visit(ADA) as (emulator, browser):
            answer, form = await self.sent_after(emulator, browser, ends="by time", submission_id=NOBODY)
            page = await self.log_in(emulator, browser, answer.headers["location"], ADA)
            assert str(page.url) == f"http://localhost:8000/collections/{form['source']}"
            assert "Kept" not in page.text

    @pytest.mark.parametrize(
        "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
    )
    @pytest.mark.parametrize("is_logged_in", [False, True])
    async def test_forms_of_other_sites(self, headers: dict[str, str], is_logged_in: bool) -> None:
        """They are refused, and start no login."""
        async with visit(ADA) as (emulator, browser):
            form = await filled(browser, collection_id(emulator, "Beamline 7"), csrf_token="x")
            if not is_logged_in:
                browser.cookies.clear()
            answer = await browser.post("/transfers", data={**form, "destination": NOBODY}, headers=headers)
            assert (answer.status_code, answer.headers.get("set-cookie")) == (403, None)

    @pytest.mark.parametrize("fields", [{}, {"target": "/other/"}])
    async def test_a_transfer_that_may_have_been_started(self, fields: dict[str, str]) -> None:
        """It is not started a second time, whatever happens to the session in between."""
        async with visit(ADA) as (emulator, browser):
            source, archive = (collection_id(emulator, name) for name in ("Beamline 7", "Long-term archive"))
            form = await filled(browser, source, names=["README.txt"], destination=archive)
            emulator.faults.add("POST", "/v0.10/transfer", without_task_id)
            assert "form=" in (await browser.post("/transfers", data=form)).headers["location"]
            browser.cookies.clear()
            answer = await browser.post("/transfers", data={**form, **fields}, headers=self.OWN)
            page = await self.log_in(emulator, browser, answer.headers["location"], ADA)
            assert ("may have been started" if fields else "did not confirm the transfer") in page.text
            again = {**form, **fields, **form_of(page.text[page.text.index("split") :])}
            assert (again["submission_id"] != form["submission_id"]) == bool(fields)
            assert (await browser.post("/transfers", data=again)).headers["location"] == "/tasks"
            assert len(emulator.tasks) == 1 + len(fields)


def with_fields(**fields: Any) -> Any:
    """Return a fault that replaces members of a document, or of each in a listing."""

    async def change(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytearray()

        async def collect(message: Message) -> None:
            body.extend(message.get("body", b""))

        await app(scope, receive, collect)
        document = json.loads(body)
        for each in document["DATA"] if document["DATA_TYPE"].endswith("_list") else [document]:
            each.update(fields)
        await JSONResponse(document)(scope, receive, send)

    return change


class TestIncompleteDocuments:
    """Services and the servers of collections do not know everything; the pages are shown all the same."""

    @pytest.mark.parametrize("name", ["display_name", "entity_type", "description", "organization", "owner_string"])
    @pytest.mark.parametrize("path", ["/collections", "/collections/{id}"])
    async def test_collections(self, path: str, name: str) -> None:
        """A collection without a name is shown with its id."""
        async with visit(ADA) as (emulator, browser):
            source = collection_id(emulator, "Beamline 7")
            for document in ("/v0.10/endpoint_search", f"/v0.10/endpoint/{source}"):
                emulator.faults.add("GET", document, with_fields(**{name: None}))
            page = await browser.get(path.format(id=source))
            assert page.status_code == 200
            assert ">None<" not in page.text
            assert (f"<bdi>{source}" in page.text) == (name == "display_name")

    @pytest.mark.parametrize("name", ["size", "last_modified", "type"])
    async def test_files(self, name: str) -> None:
        """A file of a server that does not know its size or time."""
        async with visit(ADA) as (emulator, browser):
            source = collection_id(emulator, "Beamline 7")
            emulator.faults.add("GET", f"/v0.10/operation/endpoint/{source}/ls", with_fields(**{name: None}))
            page = await browser.get(f"/collections/{source}")
            assert page.status_code == 200
            assert "README.txt" in page.text
            assert "None" not in page.text

    @pytest.mark.parametrize("name", ["label", "files", "files_transferred", "files_skipped", "bytes_transferred"])
    async def test_tasks(self, name: str) -> None:
        """A task that has only been queued."""
        async with visit(ADA) as (emulator, browser):
            source = collection_id(emulator, "Beamline 7")
            form = await filled(browser, source, names=["README.txt"], destination=source)
            await browser.post("/transfers", data=form)
            emulator.faults.add("GET", "/v0.10/task_list", with_fields(**{name: None}))
            page = await browser.get("/tasks")
            assert page.status_code == 200
            assert "None" not in page.text


class LockedStore(MemorySessionStore):
    """A store that is locked after some calls."""

    remaining = 1000

    async def get(self, key: str) -> Secret | None:
        self.remaining -= 1
        if self.remaining >= 0:
            return await super().get(key)
        raise SessionStoreUnavailable("locked")

    async def put(self, key: str, value: Secret, *, seconds: float) -> None:
        if self.remaining <= 0:
            raise SessionStoreUnavailable("locked")
        await super().put(key, value, seconds=seconds)


class TestErrorPages:
    @pytest.mark.parametrize(
        ("method", "path", "expected", "words"),
        [
            ("GET", "/nothing-here", 404, "There is no such page."),
            ("GET", "/static/nothing.css", 404, "There is no such page."),
            ("GET", f"/collections/{NOBODY}", 404, "Not found"),
            ("GET", "/collections/no-id", 422, "collection_id"),
            ("DELETE", "/collections", 405, "Please use the links"),
            ("GET", "/transfers", 405, "Please use the links"),
            ("POST", "/transfers", 403, "does not belong to your session"),
            ("GET", "/callback?state=x&code=y", 400, "expired"),
        ],
    )
    async def test_every_status(self, method: str, path: str, expected: int, words: str) -> None:
        """A page of the portal, with its headers, its menu, and a way back."""
        async with visit() as (_, browser):
            page = await browser.request(method, path)
            assert page.status_code == expected
            assert page.headers["content-type"].startswith("text/html")
            assert page.headers["content-security-policy"].startswith("default-src 'none'")
            assert words in html.unescape(page.text)
            assert ("Log in again" if path.startswith("/callback") else "Back to the collections") in page.text
            assert ("allow" in page.headers) == (expected == 405)

    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_a_store_that_cannot_be_used(self, method: str) -> None:
        """A session that was not seen before: a page without a menu, which is tried again."""
        store = LockedStore()
        async with visit(ADA, store=store) as (_, browser):
            store.remaining = 0
            browser.cookies.clear()
            browser.cookies.set("globus_session", "unseen")
            page = await browser.request(method, "/tasks" if method == "GET" else "/logout")
            assert page.status_code == 503
            assert "Not available at the moment" in page.text
            assert "temporarily unavailable" in page.text
            assert ("This page is tried again in" in page.text) == (method == "GET")
            assert "Log out" not in page.text

    @pytest.mark.parametrize("path", ["/collections", "/tasks", "/collections/{id}"])
    async def test_pages_while_the_store_cannot_be_used(self, path: str) -> None:
        """Users who are logged in go on."""
        store = LockedStore()
        async with visit(ADA, store=store) as (emulator, browser):
            await browser.get("/tasks")
            store.remaining = 0
            page = await browser.get(path.format(id=collection_id(emulator, "Beamline 7")))
            assert page.status_code == 200
            assert "Ada Lindgren" in page.text

    async def test_an_invalid_form(self) -> None:
        """The page names the field."""
        async with visit(ADA) as (emulator, browser):
            source = collection_id(emulator, "Beamline 7")
            form = await filled(browser, source, names=["README.txt"], destination="elsewhere")
            page = await browser.post("/transfers", data=form)
            assert (page.status_code, "destination: " in page.text) == (422, True)

    async def test_without_a_login(self) -> None:
        """A page is behind the login; what is no page says so with its status."""
        async with visit() as (_, browser):
            browser.cookies.clear()
            page = await browser.get("/tasks", headers={"Accept": "text/html"})
            assert (page.status_code, page.headers["location"]) == (303, "/login?next=/tasks")
            page = await browser.get("/tasks/events", headers={"Accept": "text/event-stream"})
            assert page.status_code == 401
            assert "www-authenticate" in page.headers

    async def test_globus_fails(self) -> None:
        """General words for the user, and when to try again."""
        async with visit() as (emulator, browser):
            emulator.faults.add("GET", "/v0.10/endpoint_search", status(503, retry_after=7200), times=9)
            page = await browser.get("/collections")
            assert (page.status_code, page.headers.get("retry-after")) == (503, "7200")
            assert "Not available at the moment" in page.text

    async def test_the_portal_fails(self) -> None:
        """An exception of the portal is a page, too."""

        async def wrong(_app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
            await JSONResponse({"DATA": [{"entity_type": 5}], "has_next_page": False})(scope, receive, send)

        async with visit() as (emulator, browser):
            emulator.faults.add("GET", "/v0.10/endpoint_search", wrong)
            page = await browser.get("/collections")
            assert page.status_code == 500
            assert "This is an error of the portal." in page.text
            assert "Back to the collections" in page.text
