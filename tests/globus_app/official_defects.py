"""
Drive the official apps against the emulator; a test runs this script in a process of its own.

``GLOBUS_SDK_SERVICE_URL_AUTH`` and ``..._TRANSFER`` are the addresses of the emulator; the argument is JSON: its
clients, collections and people, and the steps. Tokens are stored below ``HOME``. The output is JSON: what each step
found.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import pickle
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import globus_sdk
import globus_sdk.gare
import globus_sdk.scopes
import requests
from globus_sdk.login_flows import CommandLineLoginFlowManager, LocalServerLoginFlowManager
from globus_sdk.login_flows.local_server_login_flow_manager import local_server_login_flow_manager as local
from globus_sdk.token_storage import MemoryTokenStorage, SQLiteTokenStorage
from globus_sdk.token_storage.validating_token_storage import ExpiredTokenError, MissingTokenError

GIVEN = json.loads(sys.argv[1])
TRANSFER, AUTH = "transfer.api.globus.org", "auth.globus.org"
HOME = Path.home()
visited: list[str] = []
ahead = 0.0
real_time = time.time
time.time = lambda: real_time() + ahead


def code_of(url: str) -> str:
    """Open a login page as a browser does; return the code."""
    response = requests.get(url, allow_redirects=False, timeout=10)
    return parse_qs(urlsplit(response.headers["location"]).query)["code"][0]


class PastedCode(CommandLineLoginFlowManager):
    """The flow at a terminal, with a person who opens the page and pastes the code, which takes a moment."""

    def print_authorize_url(self, authorize_url: str) -> None:
        visited.append(authorize_url)

    def prompt_for_code(self) -> str:
        url = visited[-1]
        time.sleep(0.05)
        return code_of(url)


def user_app(name: str = "Defects", client_id: str = "", **options: Any) -> globus_sdk.UserApp:
    options.setdefault("token_storage", "memory")
    config = globus_sdk.GlobusAppConfig(login_flow_manager=PastedCode, **options)
    return globus_sdk.UserApp(name, client_id=client_id or GIVEN["native"], config=config)


def error_of(call: Any) -> str:
    """Return the class of a call's error."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 -- whichever it is
        return type(error).__name__
    return ""


def a() -> Any:
    """Let twenty threads make their first call; return the number of logins."""
    app = user_app()
    client = globus_sdk.TransferClient(app=app)
    barrier = threading.Barrier(20)

    def first_call() -> None:
        barrier.wait()
        client.operation_ls(GIVEN["lab"])

    threads = [threading.Thread(target=first_call) for _ in range(20)]
    before = len(visited)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(visited) - before


def b() -> Any:
    """Use an app after its access token has expired, and was revoked."""
    global ahead  # noqa: PLW0603 -- the clock of this process
    app = user_app()
    client = globus_sdk.TransferClient(app=app)
    client.operation_ls(GIVEN["lab"])
    before = len(visited)
    app._login_client.oauth2_revoke_token(app.token_storage.get_token_data(TRANSFER).access_token)
    ahead = 1_000_000.0
    try:
        return {
            "storage": error_of(lambda: app.token_storage.get_token_data(TRANSFER)),
            "call": error_of(lambda: client.operation_ls(GIVEN["lab"])),
            "logins": len(visited) - before,
        }
    finally:
        ahead = 0.0


def c() -> Any:
    """Log in as somebody else after a logout."""
    app = user_app()
    app.login()
    app.logout()
    other = globus_sdk.gare.GlobusAuthorizationParameters(session_required_identities=[GIVEN["bob"]])
    return error_of(lambda: app.login(auth_params=other))


def local_server(visit: Any) -> Any:
    """Log in through the local server, with a browser that makes these requests; return the error, and what it saw."""
    seen: dict[str, Any] = {"threads": threading.active_count()}

    def browser(url: str) -> None:
        redirect = parse_qs(urlsplit(url).query)["redirect_uri"][0]
        threading.Thread(target=lambda: seen.update(page=visit(url, redirect)), daemon=True).start()

    local._open_webbrowser = browser
    app = user_app()
    manager = LocalServerLoginFlowManager(app._login_client)
    noise = io.StringIO()
    with contextlib.redirect_stderr(noise):
        parameters = globus_sdk.gare.GlobusAuthorizationParameters(required_scopes=["openid"])
        try:
            manager.run_login_flow(parameters)
        except Exception as error:  # noqa: BLE001 -- whichever it is
            seen["error"] = type(error).__name__
    seen["stderr"] = noise.getvalue()
    for _ in range(100):
        if "page" in seen:
            break
        time.sleep(0.01)
    return seen


def d() -> Any:
    """A browser that asks for the icon of the page first."""
    return local_server(lambda _, redirect: requests.get(f"{redirect}/favicon.ico", timeout=5).text).get("error", "")


def e() -> Any:
    """A redirect with a foreign state."""
    visit = lambda url, redirect: requests.get(redirect, {"code": code_of(url), "state": "foreign"}, timeout=5).text  # noqa: E731
    return local_server(visit).get("error", "")


def f() -> Any:
    """A redirect whose error has markup."""
    text = "<script>x</script>"
    return (
        text
        in local_server(
            lambda _, redirect: requests.get(redirect, {"error": "no", "error_description": text}, timeout=5).text
        )["page"]
    )


def g() -> Any:
    """What a login leaves on stderr."""
    visit = lambda url, redirect: requests.get(redirect, {"code": code_of(url)}, timeout=5).text  # noqa: E731
    return "code=" in local_server(visit)["stderr"]


def h() -> Any:
    """What a login that cannot start leaves running."""
    before = threading.active_count()

    def no_browser(url: str) -> None:
        raise RuntimeError(f"no browser for {url}")

    local._open_webbrowser = no_browser
    manager = LocalServerLoginFlowManager(user_app()._login_client)
    parameters = globus_sdk.gare.GlobusAuthorizationParameters(required_scopes=["openid"])
    error_of(lambda: manager.run_login_flow(parameters))
    return threading.active_count() - before


def i() -> Any:
    """One storage object for two apps."""
    storage = MemoryTokenStorage()
    user_app(token_storage=storage).login()
    return error_of(lambda: user_app(client_id=GIVEN["second"], token_storage=storage).login(force=True))


def j() -> Any:
    """A thread asks for a token while another one reads the storage."""
    reading, go_on = threading.Event(), threading.Event()

    class Slow(MemoryTokenStorage):
        def get_token_data(self, resource_server: str) -> Any:
            if threading.current_thread() is not threading.main_thread():
                reading.set()
                go_on.wait(10)
            return super().get_token_data(resource_server)

    app = user_app(token_storage=Slow())
    app.add_scope_requirements({TRANSFER: [globus_sdk.scopes.TransferScopes.all]})
    thread = threading.Thread(target=lambda: error_of(lambda: app.get_authorizer(TRANSFER)))
    thread.start()
    reading.wait(10)
    found = error_of(lambda: app.get_authorizer(AUTH))
    go_on.set()
    thread.join()
    return found


def k() -> Any:
    """Make five clients."""
    app = user_app()
    for _ in range(5):
        globus_sdk.TransferClient(app=app)
    return len(app.scope_requirements[TRANSFER])


def service_app(**options: Any) -> globus_sdk.ClientApp:
    config = globus_sdk.GlobusAppConfig(**options)
    return globus_sdk.ClientApp("Service", client_id=GIVEN["service"], client_secret=GIVEN["secret"], config=config)


def l() -> Any:  # noqa: E743 -- the name of the defect
    """Get an authorizer; return whether it has a token already."""
    app = service_app(token_storage="memory")
    globus_sdk.TransferClient(app=app)
    app.get_authorizer(TRANSFER)
    return app.token_storage.token_storage.get_token_data(TRANSFER) is not None


def n() -> Any:
    """The expiration in an error."""
    error = pickle.loads(pickle.dumps(ExpiredTokenError(1_800_000_000)))
    return error.expiration.tzinfo is None


def o() -> Any:
    """What the settings say of the life of an access token."""
    return "2 hours" in (globus_sdk.GlobusAppConfig.__doc__ or "")


def p() -> Any:
    """Where the tokens of a service are."""
    globus_sdk.TransferClient(app=service_app()).task_list()
    return [str(path.relative_to(HOME)) for path in HOME.rglob("*.json") if GIVEN["service"] in str(path)]


def q() -> Any:
    """Use a SQLite storage from another thread."""
    storage = SQLiteTokenStorage(HOME / "tokens.db")
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(error_of(storage.get_token_data_by_resource_server)))
    thread.start()
    thread.join()
    return found[0]


def r() -> Any:
    """Whether a login can be awaited."""
    return inspect.iscoroutinefunction(globus_sdk.UserApp.login)


def shared() -> Any:
    """Log in, and store the tokens in the home directory."""
    with user_app("Shared", token_storage="json", request_refresh_tokens=True) as app:
        globus_sdk.TransferClient(app=app).operation_ls(GIVEN["lab"])
        return app.token_storage.get_token_data(TRANSFER).refresh_token


def use_shared() -> Any:
    """Use the tokens that are stored in the home directory."""
    before = len(visited)
    with user_app("Shared", token_storage="json", request_refresh_tokens=True) as app:
        names = [each["name"] for each in globus_sdk.TransferClient(app=app).operation_ls(GIVEN["lab"])["DATA"]]
        return {"names": names, "logins": len(visited) - before, "login_required": app.login_required()}


def missing() -> Any:
    """The class of the error without a handler."""
    app = user_app(token_validation_error_handler=None)
    try:
        app.get_authorizer(TRANSFER)
    except MissingTokenError as error:
        return [str(each.__name__) for each in type(error).__mro__ if each.__module__ != "builtins"]
    return []


print(json.dumps({name: globals()[name]() for name in GIVEN["steps"]}))  # noqa: T201 -- it is read by the test
