"""
Start a run of a flow, and show it live: its state, the entries of its log, what it waits for, and its output.

Needs rich: pip install rich

Usage: GLOBUS_CLIENT_ID=... python examples/flow_run.py FLOW_ID '{"input": "as JSON"}'
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.live import Live
from rich.text import Text
from rich.tree import Tree

from globus_async import FlowsClient, GlobusAppConfig, RunEndReason, RunLog, RunOutcome, SpecificFlowClient, UserApp

if TYPE_CHECKING:
    from globus_async.services.flows.documents import RunDocument

STYLES = {"ACTIVE": "blue", "INACTIVE": "yellow", "SUCCEEDED": "green", "FAILED": "red"}


class View:
    """The run on the screen."""

    def __init__(self, title: str) -> None:
        self.tree = Tree(Text(title))

    def show_run(self, run: RunDocument) -> None:
        """Show the state of the run."""
        waits = " (waits for a person)" if run.get("blocking_web_input_id") else ""
        name = run["label"] or run["run_id"]
        self.tree.label = Text.assemble(
            f"{run['flow_title']}: {name} ", (run["status"] + waits, STYLES.get(run["status"], ""))
        )

    async def show_log(self, log: RunLog) -> None:
        """Add a line for each entry, until the run is done."""
        async for entry in log:
            state = entry["details"].get("state_name", "")
            self.tree.add(Text(f"{entry['time'][11:19]} {entry['code']} {state}".rstrip()))


async def run_to_end(app: UserApp, flow_id: str, body: dict[str, Any], console: Console) -> RunOutcome:
    """Start the run, show it until it has ended, and log in where it requires that."""
    fc, flow = FlowsClient(app=app), SpecificFlowClient(flow_id, app=app)
    run = await flow.run_flow(body, label="flow_run.py")
    view = View(run["flow_title"])
    log = fc.follow_run_logs(run["run_id"])
    while True:
        with Live(view.tree, console=console):
            entries = asyncio.create_task(view.show_log(log))
            try:
                outcome = await fc.wait_for_run(run["run_id"], progress=view.show_run)
                if outcome.is_done:
                    await entries  # the last ones
            finally:
                entries.cancel()
                await asyncio.wait({entries})
        if outcome.reason is not RunEndReason.INACTIVE:
            return outcome
        console.print("The run is inactive:", Text(outcome.description or "no reason given"))
        if outcome.gare is None:
            return outcome
        await app.login(auth_params=outcome.gare.authorization_parameters)
        await flow.resume_run(run["run_id"])


async def main(flow_id: str, body: dict[str, Any]) -> int:
    """Return 0 if the run has succeeded."""
    console = Console()
    config = GlobusAppConfig(request_refresh_tokens=True)
    async with UserApp("flow-run", client_id=os.environ["GLOBUS_CLIENT_ID"], config=config) as app:
        outcome = await run_to_end(app, flow_id, body, console)
    if outcome.reason is RunEndReason.SUCCEEDED:
        console.print_json(data=outcome.output)
        return 0
    console.print(f"The run has ended: {outcome.reason}.", Text(outcome.description or ""))
    return 1


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(asyncio.run(main(sys.argv[1], json.loads(sys.argv[2]))))
