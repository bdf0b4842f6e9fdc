"""
Log in once in a terminal, and transfer a folder with a progress bar.

Usage: python examples/login.py SOURCE:/folder/ DESTINATION:/folder/

Needs a native app's id in GLOBUS_CLIENT_ID (register one at https://app.globus.org/settings/developers). The refresh
token is stored in the file GLOBUS_TOKENS, which only you can read.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from anyio import to_thread

from globus_async import NativeAppAuthClient, RefreshTokenAuthorizer, TransferClient, TransferData, Transport
from globus_async.scopes import TransferScopes

TOKENS = Path(os.environ.get("GLOBUS_TOKENS", "~/.config/globus_async_example.json")).expanduser()


def keep(tokens: dict[str, Any]) -> None:
    """Write the tokens to a file that only the user can read, from its first byte on."""
    TOKENS.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=TOKENS.parent, prefix=f".{TOKENS.name}.", delete=False) as file:
        json.dump(tokens, file)
    Path(file.name).replace(TOKENS)


async def log_in(client: NativeAppAuthClient) -> dict[str, Any]:
    """Print the authorization URL, read the code that the page shows, and exchange it."""
    flow = client.oauth2_start_flow(TransferScopes.all, refresh_tokens=True)
    print(f"Log in here:\n\n  {flow.get_authorize_url()}\n", flush=True)
    # reading from a terminal blocks: do it in a thread, so that the event loop continues
    code = await to_thread.run_sync(input, "Code: ", abandon_on_cancel=True)
    response = await flow.exchange_code_for_tokens(code.strip())
    return dict(response.by_resource_server[TransferScopes.resource_server])


async def transfer(tc: TransferClient, source: str, destination: str) -> None:
    """Transfer a folder, and show a progress bar."""
    (source_id, source_path), (destination_id, destination_path) = source.split(":", 1), destination.split(":", 1)
    data = TransferData(source_endpoint=source_id, destination_endpoint=destination_id)
    data.add_item(source_path, destination_path, recursive=True)
    submitted = await tc.submit_transfer(data)
    async for task in tc.task_watch(submitted["task_id"], polling_interval=1):
        share = 1 - task["subtasks_pending"] / max(task["subtasks_total"], 1)
        bar = "#" * round(40 * share)
        end = "\r" if task["status"] == "ACTIVE" else "\n"
        print(f"[{bar:<40}] {share:4.0%} {task['status']:<9} {task['faults']} faults", end=end, flush=True)


async def main() -> None:
    """Use the stored login, or log in, and transfer."""
    async with Transport() as transport:
        client = NativeAppAuthClient(os.environ["GLOBUS_CLIENT_ID"], transport=transport)
        if not TOKENS.exists():
            keep(await log_in(client))
        kept = json.loads(TOKENS.read_text())
        authorizer = RefreshTokenAuthorizer(
            kept["refresh_token"],
            client,
            access_token=kept["access_token"],
            expires_at=kept["expires_at_seconds"],
            on_refresh=lambda response: keep(dict(response.by_resource_server[TransferScopes.resource_server])),
        )
        await transfer(TransferClient(authorizer=authorizer, transport=transport), *sys.argv[1:3])


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    asyncio.run(main())
