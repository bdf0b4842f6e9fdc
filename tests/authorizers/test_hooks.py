"""An authorizer of one's own, written as globus-sdk documents it: one method that requests a token."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from globus_async import RenewingAuthorizer, TokenRefreshError
from tests.toolkit.canaries import SECRETS, leaks_of_error
from tests.toolkit.clock import FakeClock

START = 1_700_000_000.0


class KeyServer(RenewingAuthorizer):
    """Requests tokens from a list of responses."""

    def __init__(self, *responses: Any, **options: Any) -> None:
        self.responses = list(responses)
        super().__init__(**options)

    def _get_token_response(self) -> Any:
        return self.responses.pop(0)


class AsyncKeyServer(KeyServer):
    """Does so in a coroutine."""

    async def _get_token_response(self) -> Any:
        return self.responses.pop(0)


class Response:
    """A token response of globus-sdk's form."""

    def __init__(self, *servers: str) -> None:
        self.by_resource_server = {
            server: {"access_token": f"Ag{server}", "expires_at_seconds": None} for server in servers
        }


@pytest.mark.parametrize("cls", [KeyServer, AsyncKeyServer])
async def test_one_method_is_enough(cls: type[KeyServer]) -> None:
    """It may be a coroutine function; the token is refreshed when it expires."""
    clock = FakeClock()
    documents = [{"access_token": f"Ag{number}", "expires_in": 3600} for number in range(2)]
    seen: list[object] = []
    authorizer = cls(*documents, clock=clock, on_refresh=seen.append)
    assert (await authorizer.get_authorization_header()).reveal() == "Bearer Ag0"
    assert (await authorizer.get_authorization_header()).reveal() == "Bearer Ag0"
    await clock.advance(3601)
    assert (await authorizer.get_authorization_header()).reveal() == "Bearer Ag1"
    assert seen == documents


async def test_a_time_of_expiry() -> None:
    """``expires_at_seconds`` is POSIX time, as in token responses."""
    clock = FakeClock()
    documents = [{"access_token": f"Ag{number}", "expires_at_seconds": clock.wall() + 3600} for number in range(2)]
    authorizer = KeyServer(*documents, clock=clock)
    assert (await authorizer.get_authorization_header()).reveal() == "Bearer Ag0"
    await clock.advance(3300 - 1)
    assert (await authorizer.get_authorization_header()).reveal() == "Bearer Ag0"
    await clock.advance(302)
    assert (await authorizer.get_authorization_header()).reveal() == "Bearer Ag1"


async def test_a_token_to_start_with() -> None:
    """It is passed by position, as in globus-sdk."""

    class Mine(RenewingAuthorizer):
        def _get_token_response(self) -> Any:
            raise AssertionError("the first token is valid")

    authorizer = Mine("AgX1", 4e9, None)
    assert (await authorizer.get_authorization_header()).reveal() == "Bearer AgX1"


async def test_extracting_the_token() -> None:
    """The other hook reads any response; without it, a response with one token is read."""

    class Nested(KeyServer):
        def _extract_token_data(self, res: Any) -> dict[str, Any]:
            return {"access_token": res["nested"][0], "expires_in": "60"}

    assert (await Nested({"nested": ["AgN"]}).get_authorization_header()).reveal() == "Bearer AgN"
    assert (await KeyServer(Response("a")).get_authorization_header()).reveal() == "Bearer Aga"


@pytest.mark.parametrize(
    "response", [Response("a", "b"), Response(), {}, {"access_token": "A\nB"}, {"access_token": None}, None, 5]
)
async def test_a_response_without_one_token(response: object) -> None:
    """It is a failed refresh."""
    with pytest.raises(TokenRefreshError):
        await KeyServer(response).get_authorization_header()


@pytest.mark.parametrize("waiters", [1, 3])
async def test_a_refresh_is_not_cancelled_with_its_callers(waiters: int) -> None:
    """Its token may be a new one that replaces the old: it is kept and stored, and the next call uses it."""

    class SlowKeyServer(RenewingAuthorizer):
        async def _get_token_response(self) -> Any:
            await clock.sleep(1)
            return {"access_token": "Ag1", "expires_in": 3600}

    clock = FakeClock()
    stored: list[object] = []
    authorizer = SlowKeyServer(clock=clock, on_refresh=stored.append)
    calls = [asyncio.create_task(authorizer.get_authorization_header()) for _ in range(waiters)]
    await clock.asleep()
    for call in calls:
        call.cancel()
    await asyncio.wait(calls)
    assert all(call.cancelled() for call in calls)
    await clock.advance(1)
    assert len(stored) == 1
    assert (await authorizer.get_authorization_header()).reveal() == "Bearer Ag1"


def test_a_class_without_the_hook() -> None:
    """It cannot be used, and the error names the method."""

    class Empty(RenewingAuthorizer):
        pass

    with pytest.raises(TypeError, match="must define _get_token_response"):
        Empty()


OWN_CLIENT = """
class OwnClient:
    async def fetch(self, grouped, secret):
        token = secret
        try:
            int("x")
        except ValueError:
            if grouped:
                raise ExceptionGroup("several", [self.failure(secret)])
            raise LookupError("odd")

    def failure(self, secret):
        try:
            raise OSError("broken")
        except OSError as error:
            return error
"""


@pytest.mark.parametrize("grouped", [False, True])
async def test_frames_of_an_error_of_ones_own(grouped: bool) -> None:
    """They hold tokens; neither the error nor what it is made of keeps them."""
    names: dict[str, Any] = {}
    exec(compile(OWN_CLIENT, "/own/client.py", "exec"), names)

    class Own(RenewingAuthorizer):
        async def _get_token_response(self) -> Any:
            return await names["OwnClient"]().fetch(grouped, SECRETS.refresh)

    with pytest.raises(TokenRefreshError) as raised:
        await Own(clock=FakeClock()).get_authorization_header()
    assert isinstance(raised.value.__cause__, ExceptionGroup if grouped else LookupError)
    assert leaks_of_error(raised.value) == []
