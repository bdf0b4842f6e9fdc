"""Clients with ``app=``: what they add to its requirements, what is refused, and whose connections they use."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import globus_sdk
import globus_sdk.scopes
import pytest

from globus_async import (
    AccessTokenAuthorizer,
    AuthClient,
    BaseClient,
    ClientApp,
    ConfidentialAppAuthClient,
    GlobusAppConfig,
    GlobusSDKUsageError,
    NativeAppAuthClient,
    TransferClient,
    Transport,
    UserApp,
)
from globus_async.login_flows import DeferredLoginFlowManager
from globus_async.scopes import Scope, TransferScopes
from globus_async.token_storage import JSONTokenStorage, MemoryTokenStorage, SQLiteTokenStorage
from tests.globus_app.world import AUTH, REDIRECT, SECRET, TRANSFER, globus

ID = "5e1f2a4c-0000-4000-8000-000000000001"
MEMORY = GlobusAppConfig(token_storage="memory")


def user_app(**options: Any) -> UserApp:
    options.setdefault("config", MEMORY)
    return UserApp("My app", client_id=ID, **options)


def official_app(**options: Any) -> globus_sdk.UserApp:
    config = globus_sdk.GlobusAppConfig(token_storage="memory")
    return globus_sdk.UserApp("My app", client_id=ID, config=config, **options)


def texts(requirements: Any) -> dict[str, set[str]]:
    return {server: {str(scope) for scope in scopes} for server, scopes in requirements.items()}


async def test_the_requirements_of_known_services() -> None:
    """Those of globus-sdk."""
    ours, theirs = user_app(), official_app()
    assert texts(ours.scope_requirements) == texts(theirs.scope_requirements) == {AUTH: {"openid"}}
    for name in ("AuthClient", "TransferClient"):
        client: Any = {"AuthClient": AuthClient, "TransferClient": TransferClient}[name](app=ours)
        official = getattr(globus_sdk, name)(app=theirs)
        assert texts({"": client.default_scope_requirements}) == texts({"": official.default_scope_requirements})
        assert client.app_scopes == client.default_scope_requirements
        assert client.app_name == official.app_name == "My app"
    assert texts(ours.scope_requirements) == texts(theirs.scope_requirements)
    await ours.aclose()


async def test_data_access() -> None:
    """The same scopes as of globus-sdk, of one collection and of several."""
    ours, theirs = user_app(), official_app()
    other = "5e1f2a4c-0000-4000-8000-000000000002"
    client = TransferClient(app=ours, app_scopes=[TransferScopes.all])
    several: tuple[Any, ...] = (ID, UUID(other), [ID, UUID(other)])
    for ids in several:
        assert client.add_app_data_access_scope(ids) is client
        globus_sdk.TransferClient(app=theirs).add_app_data_access_scope(ids)
    merged = globus_sdk.scopes.ScopeParser.merge_scopes(theirs.scope_requirements[TRANSFER], [])
    (own,) = ours.scope_requirements[TRANSFER]
    (official,) = merged
    assert own.scope_string == official.scope_string
    assert {str(each) for each in own.dependencies} == {str(each) for each in official.dependencies}
    with pytest.raises(GlobusSDKUsageError, match="UUID"):
        client.add_app_data_access_scope("no-id")
    await ours.aclose()


async def test_requirements_do_not_grow() -> None:
    """However many clients a process makes; the copy cannot change them."""
    async with user_app() as app:
        for _ in range(1_000):
            TransferClient(app=app).add_app_scope(TransferScopes.all).add_app_scope([str(TransferScopes.all)])
        assert texts(app.scope_requirements) == {AUTH: {"openid"}, TRANSFER: {str(TransferScopes.all)}}
        assert [len(scopes) for scopes in app.scope_requirements.values()] == [1, 1]
        known = app.required_scopes(TRANSFER)
        app.scope_requirements[TRANSFER].clear()
        app.scope_requirements.clear()
        TransferClient(app=app)
        assert app.required_scopes(TRANSFER) is known, "the tokens would be read again"
        assert texts(app.scope_requirements) == {AUTH: {"openid"}, TRANSFER: {str(TransferScopes.all)}}


async def test_app_scopes() -> None:
    """Instead of the default ones."""
    async with user_app(scope_requirements={"groups.api.globus.org": "view[a *b] all"}) as app:
        client = TransferClient(app=app, app_scopes=[Scope("one"), Scope("two")])
        assert texts(app.scope_requirements) == {
            AUTH: {"openid"},
            "groups.api.globus.org": {"view[a *b]", "all"},
            TRANSFER: {"one", "two"},
        }
        assert [str(each) for each in client.app_scopes or ()] == ["one", "two"]
        text: Any = "one two"
        assert TransferClient(app=app, app_scopes=text).app_scopes == [Scope("one"), Scope("two")]


async def test_whose_connections() -> None:
    """A client without a transport uses that of its app, which closes it; one with a transport uses that."""
    async with globus() as world:
        async with world.app() as app, TransferClient(app=app) as tc:
            assert tc.transport is app.transport is world.transport
            assert app.get_authorizer(TRANSFER) is tc.authorizer
            other = TransferClient(app=app, transport=(own := Transport()))
            assert other.transport is own
            assert other.authorizer is tc.authorizer
        assert not world.transport.closed
    app = user_app()
    async with TransferClient(app=app):
        pass
    assert not app.transport.closed
    await app.aclose()
    assert app.transport.closed


class NoService(BaseClient):
    base_url = "https://api.example.org/"


class OwnService(BaseClient):
    base_url = "https://api.example.org/"
    resource_server = "api.example.org"


REFUSED: dict[str, Any] = {
    "app_scopes without app": lambda _: TransferClient(app_scopes=[TransferScopes.all]),
    "app and authorizer": lambda app: TransferClient(AccessTokenAuthorizer("AgX1"), app=app),
    "another environment": lambda app: TransferClient(app=app, environment="preview"),
    "no resource server": lambda app: NoService(app=app, app_scopes=[Scope("x")]),
    "no default scopes": lambda app: OwnService(app=app),
    "no app": lambda _: TransferClient().add_app_scope("x"),
    "no app for data access": lambda _: TransferClient().add_app_data_access_scope(ID),
    "a second app": lambda app: TransferClient(app=app).attach_globus_app(app),
    "an authorizer is there": lambda app: TransferClient(AccessTokenAuthorizer("AgX1")).attach_globus_app(app),
    "attached to another environment": lambda app: TransferClient(environment="preview").attach_globus_app(app),
    "a native app's client": lambda app: NativeAppAuthClient(ID).attach_globus_app(app),
    "a confidential app's client": lambda app: ConfidentialAppAuthClient(ID, SECRET).attach_globus_app(app),
    "not an app": lambda _: TransferClient(app="app"),  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    "a bad scope": lambda app: TransferClient(app=app).add_app_scope("a["),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_a_client_refuses(case: str) -> None:
    """Before anything is done: the requirements of the app stay as they are."""
    async with user_app(scope_requirements={TRANSFER: TransferScopes.all}) as app:
        before = app.scope_requirements
        with pytest.raises(ValueError, match=r"\w"):
            REFUSED[case](app)
        assert app.scope_requirements == before


async def test_what_to_do_about_a_refusal() -> None:
    """The class lacks an attribute; the scopes are no scopes."""
    async with user_app() as app:
        with pytest.raises(GlobusSDKUsageError, match="NoService has no resource_server: set it in the class"):
            NoService(app=app, app_scopes=[Scope("x")])
        with pytest.raises(GlobusSDKUsageError, match="a scope string, or an iterable of both"):
            TransferClient(app=app, app_scopes=5)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


async def test_attached_later() -> None:
    """To a client of a service of one's own, with connections of its own."""
    async with user_app() as app, OwnService() as client:
        client.attach_globus_app(app, app_scopes=[Scope("x")])
        assert client.transport is not app.transport
        assert client.app_name == "My app"
        assert texts(app.scope_requirements)["api.example.org"] == {"x"}


async def test_the_token_endpoint_gets_no_token() -> None:
    """A client of Auth with an app makes token requests without the app's credentials, which need that endpoint."""
    async with globus() as world, world.app(browser := world.browser()) as app:
        ac = AuthClient(world.native.id, app=app)
        assert (await ac.oauth2_revoke_token("AgX1"))["active"] is False
        assert browser.logins == []


CONFIDENTIAL: dict[str, Any] = {"client_id": ID, "client_secret": SECRET}
WRONG: dict[str, Any] = {
    "no client": lambda: UserApp("x"),
    "both": lambda: UserApp("x", client_id=ID, login_client=NativeAppAuthClient(ID)),
    "a secret besides": lambda: UserApp("x", client_secret=SECRET, login_client=NativeAppAuthClient(ID)),
    "another environment": lambda: UserApp("x", login_client=NativeAppAuthClient(ID, environment="preview")),
    "an AuthClient": lambda: UserApp("x", login_client=AuthClient(ID)),  # type: ignore[arg-type]
    "no secret": lambda: ClientApp("x", client_id=ID),
    "a native client": lambda: ClientApp("x", login_client=NativeAppAuthClient(ID)),  # type: ignore[arg-type]
    "a login for a service": lambda: ClientApp(
        "x", **CONFIDENTIAL, config=GlobusAppConfig(login_flow_manager="command-line")
    ),
    "no redirect": lambda: UserApp("x", **CONFIDENTIAL),
    "a redirect to a local server": lambda: UserApp(
        "x", client_id=ID, config=GlobusAppConfig(login_flow_manager="local-server", login_redirect_uri=REDIRECT)
    ),
    "a local server for a confidential client": lambda: UserApp(
        "x", **CONFIDENTIAL, config=GlobusAppConfig(login_flow_manager="local-server")
    ),
    "an unknown storage": lambda: GlobusAppConfig(token_storage="redis"),  # type: ignore[arg-type]
    "an unknown login": lambda: GlobusAppConfig(login_flow_manager="browser"),  # type: ignore[arg-type]
    "an unknown environment": lambda: GlobusAppConfig(environment="moon"),
    "a bad requirement": lambda: UserApp("x", client_id=ID, scope_requirements={TRANSFER: "a["}),
    "a provider of something else": lambda: UserApp("x", client_id=ID, config=GlobusAppConfig(token_storage=Wrong)),
}


class Wrong:
    @classmethod
    def for_globus_app(cls, **_: object) -> Any:
        return "no storage"


@pytest.mark.parametrize("case", WRONG)
def test_wrong_combinations(case: str) -> None:
    """They are refused by the constructor."""
    with pytest.raises(GlobusSDKUsageError, match=r"\w"):
        WRONG[case]()


def test_what_to_pass_instead() -> None:
    """An error of the settings names it; that of an object of globus-sdk says that it is one."""
    wrong: Any = "tokens.json"
    with pytest.raises(GlobusSDKUsageError, match=r"'sqlite', a TokenStorage, such as JSONTokenStorage\(path\), or"):
        GlobusAppConfig(token_storage=wrong)
    with pytest.raises(GlobusSDKUsageError, match="'local-server', a LoginFlowManager, or"):
        GlobusAppConfig(login_flow_manager=wrong)
    with pytest.raises(GlobusSDKUsageError, match="login_redirect_uri of GlobusAppConfig"):
        UserApp("x", **CONFIDENTIAL)
    official: Any = globus_sdk.GlobusAppConfig()
    with pytest.raises(GlobusSDKUsageError, match=r"must be a GlobusAppConfig; .* globus_sdk\.GlobusAppConfig"):
        UserApp("x", client_id=ID, config=official)


class Provider(MemoryTokenStorage):
    given: ClassVar[dict[str, Any]] = {}

    @classmethod
    def for_globus_app(cls, **given: Any) -> Provider:
        cls.given = given
        return cls(given["namespace"])


async def test_storages_of_the_settings(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """By name, as a provider, as an object; nothing is written or read until it is used."""
    monkeypatch.setenv("HOME", str(tmp_path))
    kinds: dict[Any, Any] = {
        "json": JSONTokenStorage,
        "sqlite": SQLiteTokenStorage,
        "memory": MemoryTokenStorage,
        None: JSONTokenStorage,
        Provider: Provider,
    }
    for setting, kind in kinds.items():
        async with user_app(config=GlobusAppConfig(token_storage=setting)) as app:
            assert type(app.token_storage.token_storage) is kind
            assert app.token_storage.namespace == "DEFAULT"
    assert Provider.given["app_name"] == "My app"
    assert Provider.given["client_id"] == ID
    assert isinstance(Provider.given["config"], GlobusAppConfig)
    own = MemoryTokenStorage("mine")
    async with user_app(config=GlobusAppConfig(token_storage=own)) as app:
        assert app.token_storage.token_storage is own
    for named, kind in ((None, MemoryTokenStorage), ("json", JSONTokenStorage)):
        config = GlobusAppConfig(token_storage=named)  # type: ignore[arg-type]
        async with ClientApp("x", client_id=ID, client_secret=SECRET, config=config) as service:
            assert type(service.token_storage.token_storage) is kind
    async with ClientApp("x", client_id=ID, client_secret=SECRET) as service:
        assert type(service.token_storage.token_storage) is MemoryTokenStorage
    assert list(tmp_path.iterdir()) == []


async def test_a_confidential_client_of_a_user() -> None:
    """With a registered redirect URI."""
    config = GlobusAppConfig(login_flow_manager="deferred", login_redirect_uri=REDIRECT, token_storage="memory")
    async with UserApp("x", client_id=ID, client_secret=SECRET, config=config) as app:
        assert isinstance(app._login_flow_manager, DeferredLoginFlowManager)
        assert app._login_flow_manager.redirect_uri == REDIRECT


async def test_an_app_is_no_value() -> None:
    """It is not pickled, and ``with`` says what to write; its form shows no secret."""
    import pickle  # noqa: PLC0415

    async with ClientApp("My service", client_id=ID, client_secret=SECRET) as app:
        with pytest.raises(TypeError, match="make one in each process"):
            pickle.dumps(app)
        with pytest.raises(TypeError, match="async with"), app:  # type: ignore[attr-defined]
            pass
        assert repr(app) == f"<ClientApp 'My service' of client {ID}>"
        assert SECRET not in repr(vars(app))
