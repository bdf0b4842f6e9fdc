"""The examples in the docstrings of apps and of checks of stored tokens run, and print what they say."""

from __future__ import annotations

from typing import Any

import pytest

import globus_async
from globus_async import GlobusAppConfig, UserApp, globus_app, login_flows, token_storage
from globus_async.token_storage import MemoryTokenStorage
from tests.globus_app.world import SECRET, globus
from tests.toolkit.examples import check_examples, examples_of

DOCUMENTED: dict[str, Any] = {
    f"{kind.__name__}.{name}" if name else kind.__name__: getattr(kind, name) if name else kind
    for kind in (
        *(getattr(globus_app, name) for name in globus_app.__all__ if isinstance(getattr(globus_app, name), type)),
        login_flows.DeferredLoginFlowManager,
        token_storage.ValidatingTokenStorage,
    )
    for name in ("", *(name for name in vars(kind) if not name.startswith("_")))
    if examples_of(getattr(kind, name) if name else kind)
}


@pytest.mark.parametrize("name", DOCUMENTED)
async def test_example(name: str) -> None:
    """With a user who logs in at once."""
    async with globus() as world:

        class App(UserApp):
            def __init__(self, *arguments: Any, **named: Any) -> None:
                super().__init__(*arguments, transport=world.transport, **named)

        class Service(globus_async.ClientApp):
            def __init__(self, *arguments: Any, **named: Any) -> None:
                super().__init__(*arguments, transport=world.transport, **named)

        async with world.app() as app:
            names = {
                **{name: getattr(globus_async, name) for name in globus_async.__all__},
                **{name: getattr(token_storage, name) for name in token_storage.__all__},
                "ClientApp": Service,
                "InteractiveLoginRequired": login_flows.InteractiveLoginRequired,
                "UserApp": App,
                "app": app,
                "client_id": world.native.id,
                "client_secret": SECRET,
                "config": GlobusAppConfig(login_flow_manager=world.browser(), token_storage="memory"),
                "endpoint_id": world.lab.id,
                "service_id": world.service.id,
                "storage": MemoryTokenStorage(),
            }
            app.add_scope_requirements({"transfer.api.globus.org": globus_async.TransferClient(app=app).scopes.all})
            await check_examples(DOCUMENTED[name], names)


def test_there_are_examples() -> None:
    """Of all apps."""
    assert {"UserApp", "ClientApp", "GlobusAppConfig", "GlobusApp.login", "ValidatingTokenStorage"} <= {*DOCUMENTED}
