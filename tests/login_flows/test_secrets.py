"""Authorization codes are in no error with its frames, no log, no page and nothing that is printed."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from globus_async import GlobusError, Secret
from globus_async.login_flows import CommandLineLoginFlowManager, Exchange, LocalServerLoginFlowManager
from globus_async.login_flows.redirect import Redirect, read_redirect
from globus_async.services.auth import OAuthTokenResponse
from tests.login_flows.test_local_server import begin
from tests.login_flows.world import OPENID, Globus, query_of, send
from tests.toolkit.canaries import Listener, canary, leaks_in_text, leaks_of, leaks_of_error

CODE = canary("authorization code")
QUOTED = quote(CODE, safe="")


class Entering(CommandLineLoginFlowManager):
    """Enters a text, in which CODE and STATE are replaced."""

    def __init__(self, globus: Globus, text: str) -> None:
        super().__init__(globus.client)
        self.text = text
        self.state = ""

    def print_authorize_url(self, authorize_url: str) -> None:
        self.state = query_of(authorize_url)["state"]

    async def prompt_for_code(self) -> str | Secret:
        return self.text.replace("STATE", self.state)


@pytest.mark.parametrize(
    "entered",
    [
        CODE,
        f"{CODE} {CODE}",
        f"\x1b[D{CODE}",
        f"https://auth.globus.org/?code={QUOTED}&state=STATE",
        f"https://auth.globus.org/?code={QUOTED}&state=wrong",
        f"https://auth.globus.org/?code={QUOTED}",
        f"https://auth.globus.org/?code={QUOTED}&code={QUOTED}&state=STATE",
        f"https://auth.globus.org/?code={QUOTED}%ff&state=STATE",
        f"https://auth.globus.org/?code={QUOTED}%0a&state=STATE",
        f"https://auth.globus.org/?code={QUOTED}&error=x&state=STATE",
        f"https://auth.globus.org/?code={QUOTED}&iss=x&state=STATE",
        f"https://auth.globus.org/?code={QUOTED}<&state=STATE",
    ],
)
async def test_what_was_entered(globus: Globus, entered: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Whatever is wrong with it."""
    with Listener() as listener, pytest.raises(GlobusError) as caught:
        await Entering(globus, entered).run_login_flow(OPENID)
    assert leaks_of_error(caught.value) == []
    assert listener.leaks() == []
    printed = capfd.readouterr()
    assert leaks_in_text(printed.out + printed.err) == []


@pytest.mark.parametrize(
    "query",
    [
        f"code={QUOTED}&state=wrong",
        f"code={QUOTED}&code={QUOTED}&state=STATE",
        f"code={QUOTED}%ff&state=STATE",
        f"code={QUOTED}&iss=x&state=STATE",
        f"code={QUOTED}<&state=STATE",
    ],
)
async def test_a_redirect(globus: Globus, query: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither one that is refused, nor one whose code is refused."""
    with Listener() as listener:
        async with begin(globus) as login:
            response = await send(login.port, login.request(f"/?{query.replace('STATE', login.state)}"))
            assert response.startswith(b"HTTP/1.1 400 ")
            page = await login.follow(f"/?code={QUOTED}&state={login.state}")
            with pytest.raises(GlobusError) as caught:
                await login.task
    assert leaks_in_text(response.decode() + page) == []
    assert leaks_of_error(caught.value) == []
    assert listener.leaks() == []
    printed = capfd.readouterr()
    assert leaks_in_text(printed.out + printed.err) == []


async def test_a_failed_completion(globus: Globus) -> None:
    """The frames of an error of the caller's own show no code either."""

    async def complete(_: Exchange) -> OAuthTokenResponse:
        raise OSError("disk full")

    async with begin(globus, complete) as login:
        await login.follow(f"/?code={QUOTED}&state={login.state}")
        with pytest.raises(OSError, match="disk full") as caught:
            await login.task
    assert leaks_of_error(caught.value) == []


async def test_objects(globus: Globus) -> None:
    """Managers and redirects show no secret of theirs."""
    redirect: Any = read_redirect(Secret(f"code={QUOTED}&state={QUOTED}"))
    assert isinstance(redirect, Redirect)
    assert redirect.code == Secret(CODE)
    assert leaks_of(redirect) == []
    for manager in (CommandLineLoginFlowManager(globus.client), LocalServerLoginFlowManager(globus.client)):
        assert str(globus.client.client_id) in repr(manager)
        assert leaks_of(manager) == []
