"""An emulated Globus for the examples in docstrings: its collections, identities and tasks, by name."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from globus_async import AccessTokenAuthorizer, UserApp
from globus_async.services.transfer import CreateTunnelData, DeleteData, TransferClient, TransferData
from globus_async.testing import Collection, GlobusEmulator, MemoryStorage

__all__ = ("World", "add_more_than_a_page", "world")

World = dict[str, Any]
"""Names and values, for the globals of an example."""

FILES: dict[str, Any] = {
    "file1.txt": "at the top",
    "project1/file1.txt": "seven b",
    "project1/data/a.csv": "1,2\n",
    "dataset0/readme": "",
    "dataset1/readme": "",
    "source/path/dir/a.txt": "four",
    "source/path/dir/b.txt": "more",
    "source/path/file.txt": "x",
}


@asynccontextmanager
async def world() -> AsyncGenerator[World]:
    """Create it, yield its names, and close it."""
    with TemporaryDirectory() as folder:
        async with _world(Path(folder)) as names:
            yield names


@asynccontextmanager
async def _world(folder: Path) -> AsyncGenerator[World]:
    async with GlobusEmulator() as emulator:
        researcher = emulator.add_identity("researcher@example.edu", name="Robin Researcher")
        colleague = emulator.add_identity("colleague@example.edu", name="Chris Colleague")
        subscription = emulator.add_subscription(admins=[researcher])
        lab = emulator.add_collection("Lab storage", storage=MemoryStorage(FILES), subscription_id=subscription)
        guest = emulator.add_collection("Guest share", host=lab, entity_type="GCP_guest_collection")
        source = emulator.add_collection("Instrument", storage=MemoryStorage(FILES))
        destination = emulator.add_collection("Archive", storage=MemoryStorage({"dest/path/": None}))
        paused = emulator.add_collection("Scratch", storage=MemoryStorage(FILES))
        old = emulator.add_collection("Old server", storage=MemoryStorage(FILES), entity_type="GCSv4_host")
        points = [emulator.add_stream_access_point(name, host_endpoint=lab.id) for name in ("Initiator", "Listener")]
        authorizer = AccessTokenAuthorizer(emulator.access_token(researcher))
        transport = emulator.transport()
        app = UserApp("Nightly", client_id=emulator.add_client("Nightly").id, transport=transport)
        async with TransferClient(authorizer=authorizer, transport=transport) as tc, transport:
            names: World = {
                "CreateTunnelData": CreateTunnelData,
                "DeleteData": DeleteData,
                "TransferClient": TransferClient,
                "TransferData": TransferData,
                "app": app,
                "authorizer": authorizer,
                "destination_id": destination.id,
                "emulator": emulator,
                "endpoint_id": lab.id,
                "gridftp_endpoint_id": old.id,
                "guest_collection_id": guest.id,
                "identity_id": colleague.id,
                "initiator_id": points[0],
                "journal_path": folder / "move.journal",
                "listener_id": points[1],
                "paused_id": paused.id,
                "source_id": source.id,
                "subscribed_id": lab.id,
                "tc": tc,
                "transport": transport,
            }
            await _populate(names, tc, emulator, lab)
            yield names


async def add_more_than_a_page(emulator: GlobusEmulator, access_token: str) -> None:
    """Add more collections and tasks of a user than any listing has by default, so that one that ends there warns."""
    for number in range(130):
        emulator.add_collection(f"Lab shelf {number}", storage=MemoryStorage({"file.txt": "x"}))
    source, destination = list(emulator.transfer.collections)[-2:]
    authorizer = AccessTokenAuthorizer(access_token)
    async with emulator.transport() as transport, TransferClient(authorizer=authorizer, transport=transport) as tc:
        for number in range(12):
            data = TransferData(source, destination, label=f"batch {number}")
            data.add_item("/file.txt", f"/{number}.txt")
            await tc.submit_transfer(data)
    await emulator.settle()


async def _populate(names: World, tc: TransferClient, emulator: GlobusEmulator, lab: Collection) -> None:
    """Create its rules, roles, bookmarks and tasks."""
    role = {"principal_type": "identity", "principal": names["identity_id"], "role": "access_manager"}
    names["role_id"] = (await tc.add_endpoint_role(lab.id, role))["id"]
    rule = {"principal_type": "identity", "principal": names["identity_id"], "path": "/dataset0/", "permissions": "r"}
    names["rule_id"] = (await tc.add_endpoint_acl_rule(names["guest_collection_id"], rule))["access_id"]
    server = await tc.add_endpoint_server(names["gridftp_endpoint_id"], {"hostname": "gridftp.example.edu"})
    names["server_id"] = server["id"]
    bookmark = {"name": "results", "endpoint_id": lab.id, "path": "/project1/"}
    names["bookmark_id"] = (await tc.create_bookmark(bookmark))["id"]
    await tc.endpoint_autoactivate(lab.id)
    tunnel = CreateTunnelData(names["initiator_id"], names["listener_id"], label="microscope")
    names["tunnel_id"] = (await tc.create_tunnel(tunnel))["data"]["id"]
    pause = {"message": "back at noon", "endpoint_id": names["paused_id"], "start_time": None, "identity_id": None}
    names["pause_rule_id"] = (await tc.endpoint_manager_create_pause_rule(pause))["id"]

    nightly = TransferData(names["source_id"], names["destination_id"], label="nightly")
    nightly.add_item("/source/path/dir/", "/dest/path/dir/", recursive=True)
    names["task_id"] = (await tc.submit_transfer(nightly))["task_id"]
    await emulator.settle()
    endless = DeleteData(names["paused_id"], label="held back")
    endless.add_item("/project1/file1.txt")
    names["active_task_id"] = (await tc.submit_delete(endless))["task_id"]
    cancellation = await tc.endpoint_manager_cancel_tasks([names["task_id"]], "too late")
    names["admin_cancel_id"] = cancellation["id"]
