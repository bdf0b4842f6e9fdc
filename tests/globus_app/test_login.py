"""Logins of an app: when there is one, that there is one at a time, and what cancelling its callers does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from globus_async import AuthClient, ClientClosedError, GlobusError, TransferClient
from globus_async.gare import GlobusAuthorizationParameters
from globus_async.scopes import TransferScopes
from globus_async.token_storage import MemoryTokenStorage, MissingTokenError
from tests.adversity.test_loops_threads_forks import in_child
from tests.globus_app.world import AUTH, TRANSFER, Globus, globus
from tests.toolkit.cancel import every_suspension


async def listed(world: Globus, tc: TransferClient, collection: Any = None) -> list[str]:
    page = await tc.operation_ls((collection or world.lab).id)
    return [entry["name"] for entry in page["DATA"]]


async def test_the_first_call_logs_in() -> None:
    """Making an app and clients sends nothing; the call logs in with all scopes, and the next one does not."""
    async with globus() as world, world.app(browser := world.browser()) as app:
        tc = TransferClient(app=app)
        AuthClient(app=app)
        assert not browser.logins
        assert await app.login_required()
        assert await listed(world, tc) == ["data.txt"]
        assert len(browser.logins) == 1
        assert set(browser.logins[0].required_scopes or ()) == {
            "openid",
            "profile",
            "email",
            "urn:globus:auth:scope:transfer.api.globus.org:all",
        }
        assert not await app.login_required()
        assert await listed(world, tc) == ["data.txt"]
        assert len(browser.logins) == 1
        assert set(await app.token_storage.get_token_data_by_resource_server()) == {AUTH, TRANSFER}
        assert app.token_storage.identity_id == world.alice.id


@pytest.mark.parametrize("refresh", [False, True])
async def test_a_hundred_first_calls(refresh: bool) -> None:
    """They share one login, of several clients and of `login`, too."""
    async with globus() as world, world.app(browser := world.browser(), request_refresh_tokens=refresh) as app:
        clients = [TransferClient(app=app) for _ in range(5)]
        calls = [listed(world, clients[index % 5]) for index in range(90)]
        results = await asyncio.gather(*calls, *(app.login() for _ in range(10)))
        assert results[:90] == [["data.txt"]] * 90
        assert len(browser.logins) == 1
        assert world.grants()["authorization_code"] == 1


async def test_one_caller_is_cancelled_and_the_login_goes_on() -> None:
    """The first caller as well as a later one."""
    async with globus() as world, world.app(browser := world.browser()) as app:
        browser.may_log_in.clear()
        tc = TransferClient(app=app)
        tasks = [asyncio.create_task(listed(world, tc)) for _ in range(3)]
        await until(lambda: browser.running == 1)
        for task in tasks[:2]:
            task.cancel()
        await asyncio.wait(tasks[:2])
        assert browser.running == 1
        browser.may_log_in.set()
        assert await tasks[2] == ["data.txt"]
        assert len(browser.logins) == 1


async def test_a_login_goes_on_for_its_other_caller() -> None:
    """The user is not shown another page when the first caller is cancelled."""
    async with globus() as world, world.app(browser := world.browser()) as app:
        browser.may_log_in.clear()
        first, second = (asyncio.create_task(app.login()) for _ in range(2))
        await until(lambda: browser.running == 1)
        first.cancel()
        await asyncio.sleep(0.01)
        browser.may_log_in.set()
        await second
        assert len(browser.logins) == 1


@pytest.mark.parametrize("is_forced", [False, True])
async def test_a_caller_right_after_the_others_were_cancelled(is_forced: bool) -> None:
    """It begins another login instead of sharing the end of theirs."""
    async with globus() as world, world.app(browser := world.browser()) as app:
        browser.may_log_in.clear()
        first = asyncio.create_task(app.login())
        await until(lambda: browser.running == 1)
        first.cancel()
        await asyncio.sleep(0)  # it has given up, and the login has not ended yet
        browser.may_log_in.set()
        await app.login(force=is_forced)
        assert len(browser.logins) == 2
        assert browser.max_running == 1


async def test_all_callers_are_cancelled_and_the_login_ends() -> None:
    """The next caller begins another."""
    async with globus() as world, world.app(browser := world.browser()) as app:
        browser.may_log_in.clear()
        tc = TransferClient(app=app)
        calls: list[Any] = [*(listed(world, tc) for _ in range(3)), app.login(force=True)]
        tasks = [asyncio.create_task(call) for call in calls]
        await until(lambda: browser.running == 1)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await until(lambda: browser.running == 0)
        browser.may_log_in.set()
        assert await listed(world, tc) == ["data.txt"]
        assert len(browser.logins) == 2


@pytest.mark.parametrize("refresh", [False, True])
async def test_the_only_caller_is_cancelled_anywhere(refresh: bool, record_property: Any) -> None:
    """After each pass of the event loop: the next call works, with the tokens of that login or those of another."""
    async with globus() as world:
        completed = ended = 0
        for passes in range(1_000):
            async with world.app(browser := world.browser(), request_refresh_tokens=refresh) as app:
                tc = TransferClient(app=app)
                task = asyncio.create_task(app.login())
                for _ in range(passes):
                    await asyncio.sleep(0)
                if task.done():
                    break
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
                assert await listed(world, tc) == ["data.txt"]
                assert browser.max_running == 1
                assert browser.codes == 1, "a code was received, and its tokens were lost"
                completed, ended = completed + (len(browser.logins) == 1), ended + (len(browser.logins) == 2)
        assert completed > 10
        assert ended
        record_property("app logins cancelled", completed + ended)


async def test_a_call_is_cancelled_at_every_suspension() -> None:
    """The next call of the same client works."""
    async with globus() as world:
        apps: list[Any] = []

        async def first_call() -> None:
            apps.append(world.app(world.browser()))
            await listed(world, TransferClient(app=apps[-1]))

        async def invariants() -> None:
            async with apps[-1] as app:
                assert await listed(world, TransferClient(app=app)) == ["data.txt"]
                assert app._login_flow_manager.max_running == 1
                assert app._login_flow_manager.codes == 1

        assert await every_suspension(first_call, invariants) > 10
        for app in apps:
            await app.aclose()


async def test_a_login_that_has_its_code_is_completed() -> None:
    """All callers are cancelled while the code is exchanged: tokens are stored, and the next call needs no login."""
    async with globus() as world, world.app(browser := world.browser()) as app:
        browser.may_exchange.clear()
        task = asyncio.create_task(app.login())
        await browser.exchanging.wait()
        task.cancel()
        await asyncio.wait([task])
        second = asyncio.create_task(app.login())
        await asyncio.sleep(0)
        browser.may_exchange.set()
        await second
        assert len(browser.logins) == 1
        assert not await app.login_required()


async def test_closing_completes_the_exchange() -> None:
    """With callers and without; the tokens are in the storage afterwards."""
    for is_cancelled in (False, True):
        storage = MemoryTokenStorage()
        async with globus() as world:
            app = world.app(browser := world.browser(), token_storage=storage)
            browser.may_exchange.clear()
            task = asyncio.create_task(app.login())
            await browser.exchanging.wait()
            if is_cancelled:
                task.cancel()
                await asyncio.sleep(0.01)
            closing = asyncio.create_task(app.aclose())
            await asyncio.sleep(0.01)
            assert not closing.done()
            browser.may_exchange.set()
            await closing
            assert set(await storage.get_token_data_by_resource_server()) == {AUTH}
            await asyncio.wait([task])
            assert task.cancelled() == is_cancelled
            if not is_cancelled:
                task.result()


async def test_closing_ends_a_login() -> None:
    """A login that waits for the user ends with an error for its callers."""
    async with globus() as world:
        app = world.app(browser := world.browser())
        browser.may_log_in.clear()
        tc = TransferClient(app=app)
        tasks = [asyncio.create_task(listed(world, tc)) for _ in range(2)]
        await until(lambda: browser.running == 1)
        await app.aclose()
        for task in tasks:
            with pytest.raises(ClientClosedError, match="closed during the login"):
                await task
        assert browser.running == 0
        with pytest.raises(ClientClosedError):
            await app.login()
        with pytest.raises(ClientClosedError):
            await listed(world, tc)
        await app.aclose()


async def test_one_login_at_a_time() -> None:
    """Different parameters follow one another; what several callers want meanwhile is one further login."""
    async with globus() as world, world.app(browser := world.browser()) as app:
        browser.may_log_in.clear()
        first = asyncio.create_task(app.login())
        await until(lambda: browser.running == 1)
        wanted = [
            GlobusAuthorizationParameters(session_required_single_domain=[name])
            for name in ("example.org", "b.org", "example.org")
        ]
        others = [asyncio.create_task(app.login(auth_params=each)) for each in wanted]
        same = asyncio.create_task(app.login(force=True))
        await asyncio.sleep(0.01)
        browser.may_log_in.set()
        await asyncio.gather(first, same, *others)
        assert [each.session_required_single_domain for each in browser.logins] == [None, ["example.org", "b.org"]]
        assert browser.max_running == 1
        assert wanted[0] == GlobusAuthorizationParameters(session_required_single_domain=["example.org"])


async def test_a_later_login_does_not_end_with_an_earlier_one() -> None:
    """The callers of a running login are cancelled: it ends, and the one that waits behind it begins."""
    async with globus() as world, world.app(browser := world.browser()) as app:
        browser.may_log_in.clear()
        first = asyncio.create_task(app.login())
        await until(lambda: browser.running == 1)
        second = asyncio.create_task(app.login(auth_params=GlobusAuthorizationParameters(prompt="login")))
        await asyncio.sleep(0)
        first.cancel()
        await until(lambda: len(browser.logins) == 2)
        assert browser.max_running == 1
        browser.may_log_in.set()
        await second
        assert not await app.login_required()


async def test_all_callers_get_the_error_of_a_login() -> None:
    """Each its own copy; the next caller tries again."""
    async with globus() as world, world.app(browser := world.browser()) as app:
        tc = TransferClient(app=app)
        browser.identity = None
        browser.scopes = lambda _: []
        results = await asyncio.gather(*(listed(world, tc) for _ in range(20)), return_exceptions=True)
        assert len({id(each) for each in results}) == 20
        assert all(isinstance(each, GlobusError) for each in results)
        assert len(browser.logins) == 1
        errors = await asyncio.gather(*(app.login() for _ in range(3)), return_exceptions=True)
        assert len({id(each) for each in errors}) == 3
        browser.identity, browser.scopes = world.alice, list
        assert await listed(world, tc) == ["data.txt"]


async def test_a_later_caller_gets_the_error_of_the_running_login() -> None:
    """The user, who has refused it, is not asked again at once."""
    async with globus() as world, world.app(browser := world.browser()) as app:
        browser.may_log_in.clear()
        browser.scopes = lambda _: []
        first = asyncio.create_task(app.login())
        await until(lambda: browser.running == 1)
        second = asyncio.create_task(app.login(force=True))
        await asyncio.sleep(0)
        browser.may_log_in.set()
        errors = await asyncio.gather(first, second, return_exceptions=True)
        assert all(isinstance(each, GlobusError) for each in errors)
        assert len(browser.logins) == 1


async def test_scopes_added_during_a_login() -> None:
    """Its tokens are kept, and the calls that wait for it share a second login with the further scopes."""

    def one_login(scopes: list[str]) -> list[str]:
        browser.may_log_in.clear()
        return scopes

    async with globus() as world, world.app(browser := world.browser()) as app:
        browser.may_log_in.clear()
        browser.scopes = one_login
        tc = TransferClient(app=app)
        first, other = (asyncio.create_task(call) for call in (listed(world, tc), app.login()))
        await until(lambda: browser.running == 1)
        tc.add_app_data_access_scope(world.mapped.id)
        ac = AuthClient(app=app)
        others = asyncio.gather(ac.userinfo(), listed(world, tc, world.mapped))
        await asyncio.sleep(0.01)
        browser.may_log_in.set()
        await other
        await until(lambda: len(browser.logins) == 2)
        await asyncio.sleep(0.01)
        browser.may_log_in.set()
        assert await first == ["data.txt"]
        info, names = await others
        assert info["email"] == "alice@example.org"
        assert names == ["mapped.txt"]
        assert len(browser.logins) == 2
        assert browser.max_running == 1
        assert world.grants()["authorization_code"] == 2


async def test_a_scope_added_during_the_login_of_the_only_call() -> None:
    """The call logs in once more."""
    async with globus() as world, world.app(browser := world.browser()) as app:
        browser.may_log_in.clear()
        tc = TransferClient(app=app)
        call = asyncio.create_task(listed(world, tc))
        await until(lambda: browser.running == 1)
        tc.add_app_data_access_scope(world.mapped.id)
        browser.may_log_in.set()
        assert await call == ["data.txt"]
        assert len(browser.logins) == 2


async def test_a_forked_process_during_a_login() -> None:
    """The login stays behind, and the child begins its own."""
    async with globus() as world, world.app(browser := world.browser()) as app:
        browser.may_log_in.clear()
        login = asyncio.create_task(app.login())
        await until(lambda: browser.running == 1)

        async def log_in() -> None:
            browser.may_log_in = asyncio.Event()
            browser.may_log_in.set()
            async with asyncio.timeout(5):
                await app.login()
            assert not await app.login_required()

        assert in_child(lambda: asyncio.run(log_in())) == 0
        assert browser.running == 1
        browser.may_log_in.set()
        await login


async def test_no_handler() -> None:
    """Without one, a call raises what is wrong with the tokens; a login is up to the program."""
    async with globus() as world, world.app(browser := world.browser(), token_validation_error_handler=None) as app:
        tc = TransferClient(app=app)
        with pytest.raises(MissingTokenError) as caught:
            await listed(world, tc)
        assert caught.value.resource_server == TRANSFER
        assert not browser.logins
        await app.login()
        assert await listed(world, tc) == ["data.txt"]


@pytest.mark.parametrize("is_coroutine", [False, True])
async def test_a_handler_of_its_own(is_coroutine: bool) -> None:
    """It is called once for all calls, may be a plain function, and a call does not call it twice."""
    seen: list[tuple[Any, Any]] = []

    def plain(app: Any, error: Any) -> None:
        seen.append((app, error))

    async def coroutine(app: Any, error: Any) -> None:
        await asyncio.sleep(0)
        seen.append((app, error))

    handler: Any = coroutine if is_coroutine else plain
    async with globus() as world, world.app(token_validation_error_handler=handler) as app:
        tc = TransferClient(app=app)
        results = await asyncio.gather(*(listed(world, tc) for _ in range(5)), return_exceptions=True)
        assert [type(each) for each in results] == [MissingTokenError] * 5
        assert 1 <= len(seen) <= 5
        assert seen[0][0] is app
        assert isinstance(seen[0][1], MissingTokenError)


async def test_a_handler_that_calls_a_service() -> None:
    """Its own calls cause no further login, and do not wait for themselves."""
    async with globus() as world:
        seen: list[BaseException] = []

        async def handler(app: Any, _: Any) -> None:
            with pytest.raises(MissingTokenError) as caught:
                await listed(world, TransferClient(app=app))
            seen.append(caught.value)
            await app.login(force=True)

        async with world.app(browser := world.browser(), token_validation_error_handler=handler) as app:
            assert await listed(world, TransferClient(app=app)) == ["data.txt"]
        assert len(seen) == len(browser.logins) == 1


async def test_a_handler_that_adds_scopes() -> None:
    """It is not called again if its login asks for them, too."""
    seen: list[BaseException] = []

    async def handler(app: Any, error: BaseException) -> None:
        seen.append(error)
        AuthClient(app=app)
        await app.login(force=True)

    async with globus() as world, world.app(browser := world.browser(), token_validation_error_handler=handler) as app:
        assert await listed(world, TransferClient(app=app)) == ["data.txt"]
    assert len(seen) == len(browser.logins) == 1


async def test_a_login_with_more_is_shared() -> None:
    """A caller whose scopes are among those of the running login waits for it; one who wants more for the next one."""
    async with globus() as world, world.app(browser := world.browser()) as app:
        TransferClient(app=app)
        browser.may_log_in.clear()
        (transfer,) = (str(each) for each in app.scope_requirements["transfer.api.globus.org"])
        more, further = (
            GlobusAuthorizationParameters(
                required_scopes=[
                    f"{transfer}[*{TransferClient.data_access_scope(each.id).dependencies[0].scope_string}]"
                ]
            )
            for each in (world.mapped, world.other)
        )
        first = asyncio.create_task(app.login(auth_params=more))
        await until(lambda: browser.running == 1)
        others = [app.login(), app.login(force=True), app.login(auth_params=more), app.login(auth_params=further)]
        tasks = [asyncio.create_task(each) for each in others]
        await asyncio.sleep(0.01)
        browser.may_log_in.set()
        await asyncio.gather(first, *tasks)
        assert len(browser.logins) == 2
        assert world.other.id in " ".join(browser.logins[1].required_scopes or ())


async def until(condition: Any) -> None:
    """Let the event loop run until a condition holds."""
    for passes in range(10_000):
        if condition():
            return
        await asyncio.sleep(0 if passes < 1_000 else 0.001)  # threads take their time
    raise AssertionError("it does not come true")


async def test_no_login_for_a_service_of_which_nothing_is_required() -> None:
    """It could bring no token; the error says what to write."""
    async with globus() as world, world.app(browser := world.browser()) as app:
        authorizer = app.get_authorizer(TRANSFER)
        with pytest.raises(MissingTokenError, match="requires no scopes of it; pass scope_req") as caught:
            await authorizer.get_authorization_header()
        assert caught.value.resource_server == TRANSFER
        assert not browser.logins
        app.add_scope_requirements({TRANSFER: TransferScopes.all})
        assert (await authorizer.get_authorization_header()).reveal().startswith("Bearer ")
        assert len(browser.logins) == 1
