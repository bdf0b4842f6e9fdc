"""Every method of the SearchClient of the unmodified official SDK, against the emulator on a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import globus_sdk
import pytest

from globus_async.testing import GlobusEmulator
from tests.emulator.test_transfer_official_sdk import Counting, methods_of

pytestmark = pytest.mark.slow

ALL = "urn:globus:auth:scope:search.api.globus.org:all"


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[GlobusEmulator]:
    emulator = GlobusEmulator()
    emulator.add_identity("ada@example.org")
    with emulator.serve_in_thread() as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        yield emulator
        assert emulator.unknown_paths == {}


def test_every_method(emulator: GlobusEmulator, summary: Callable[[str], None]) -> None:
    """Each method is called, with documented responses, and the paginated ones reach the end."""
    token = emulator.access_token(scopes=[ALL])
    called: set[str] = set()
    with globus_sdk.SearchClient(authorizer=globus_sdk.AccessTokenAuthorizer(token)) as client:
        sc: Any = Counting(client, called)
        index = indices(sc)
        content(sc, index)
        paginated(client, emulator, index)
        roles(emulator, sc, index)
        assert sc.delete_index(index).data == {"index_id": index, "acknowledged": True}
        with pytest.raises(globus_sdk.SearchAPIError) as caught:
            sc.get_index(index)
        assert (caught.value.http_status, caught.value.code) == (409, "Conflict.IncompatibleIndexStatus")
        assert sc.reopen_index(index)["acknowledged"]
    wanted = methods_of(globus_sdk.SearchClient)
    summary(f"globus-sdk {globus_sdk.__version__}: {len(wanted)} methods of SearchClient")
    assert wanted - called == set()


def indices(sc: Any) -> str:
    index = str(sc.create_index("Library", "Books")["id"])
    assert sc.update_index(index, display_name="Old library")["display_name"] == "Old library"
    assert sc.get_index(index)["permissions"] == ["owner"]
    assert [each["id"] for each in sc.index_list(filter_roles=["owner", "writer"])] == [index]
    return index


def entry(number: int, **members: Any) -> dict[str, Any]:
    content = {"title": f"Book {number}", "pages": number}
    return {"subject": f"b{number:03}", "visible_to": ["public"], "content": content, **members}


def content(sc: Any, index: str) -> None:
    books = [entry(number) for number in range(250)]
    task = sc.ingest(index, {"ingest_type": "GMetaList", "ingest_data": {"gmeta": books}})["task_id"]
    assert sc.get_task(task)["state"] == "SUCCESS"
    assert [each["task_id"] for each in sc.get_task_list(index)["tasks"]] == [task]
    assert sc.search(index, "book", limit=2, offset=1)["count"] == 2
    assert sc.search(index, "pages:[10 TO 20}", advanced=True)["total"] == 10
    query = globus_sdk.SearchQueryV1(
        q="*",
        filters=[{"type": "range", "field_name": "pages", "values": [{"from": 1, "to": 5}]}],
        facets=[{"name": "pages", "type": "sum", "field_name": "pages"}],
        sort=[{"field_name": "pages", "order": "asc"}],
    )
    found = sc.post_search(index, query, limit=1)
    assert (found["total"], found["gmeta"][0]["subject"], found["facet_results"][0]["value"]) == (5, "b001", 15)
    assert sc.scroll(index, globus_sdk.SearchScrollQuery("book", limit=5))["count"] == 5
    assert sc.get_subject(index, "b007")["entries"][0]["content"]["pages"] == 7
    assert sc.get_entry(index, "b007")["subject"] == "b007"
    sc.delete_entry(index, "b000")
    sc.delete_subject(index, "b001")
    sc.batch_delete_by_subject(index, ["b002", "b003"])
    sc.delete_by_query(index, {"q": "4"})
    assert sc.search(index, "*")["total"] == 245


def paginated(client: globus_sdk.SearchClient, emulator: GlobusEmulator, index: str) -> None:
    everything = [f"b{number:03}" for number in range(5, 250)]
    pages = [
        client.paginated.search(index, "*"),
        client.paginated.post_search(index, {"q": "*"}),
        client.paginated.scroll(index, {"q": "*", "limit": 100}),
    ]
    for each in pages:
        assert [hit["subject"] for page in each for hit in page["gmeta"]] == everything
    emulator.search.has_empty_last_page = True
    assert [page["count"] for page in client.paginated.scroll(index, {"q": "*", "limit": 200})] == [200, 45, 0]


def roles(emulator: GlobusEmulator, sc: Any, index: str) -> None:
    bob = emulator.add_identity("bob@example.org")
    role = sc.create_role(index, {"role_name": "admin", "principal": f"urn:globus:auth:identity:{bob.id}"})
    assert role["principal_type"] == "identity"
    assert [each["role_name"] for each in sc.get_role_list(index)["role_list"]] == ["owner", "admin"]
    assert sc.delete_role(index, role["id"])["deleted"]["id"] == role["id"]
