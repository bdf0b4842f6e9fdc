"""
Drive the official UserApp and ClientApp against the emulator; a test runs this script in a process of its own.

``GLOBUS_SDK_SERVICE_URL_AUTH`` and ``..._TRANSFER`` are the addresses of the emulator; the argument is JSON: the step,
and the emulator's clients and collections. Tokens are stored below ``HOME``. The output is JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

import globus_sdk
import requests
from globus_sdk.login_flows import CommandLineLoginFlowManager
from globus_sdk.scopes import TransferScopes
from globus_sdk.token_storage.validating_token_storage import IdentityMismatchError

GIVEN = json.loads(sys.argv[1])
visited: list[str] = []


class PastedCode(CommandLineLoginFlowManager):
    """The flow at a terminal, with a person who opens the page and pastes the code."""

    def print_authorize_url(self, authorize_url: str) -> None:
        response = requests.get(authorize_url, allow_redirects=False, timeout=10)
        visited.append(parse_qs(urlsplit(response.headers["location"]).query)["code"][0])

    def prompt_for_code(self) -> str:
        return visited[-1]


def user_app(**options: Any) -> globus_sdk.UserApp:
    config = globus_sdk.GlobusAppConfig(login_flow_manager=PastedCode, **options)
    return globus_sdk.UserApp("Nightly", client_id=GIVEN["native"], config=config)


def stored(app: globus_sdk.GlobusApp) -> dict[str, Any]:
    entries = app.token_storage.get_token_data_by_resource_server()
    return {name: each.to_dict() for name, each in entries.items()}


def listed(client: globus_sdk.TransferClient, collection: str) -> list[str]:
    return [each["name"] for each in client.operation_ls(collection)["DATA"]]


def use() -> dict[str, Any]:
    """Call a service, with a login if there is none."""
    with user_app(request_refresh_tokens=True) as app:
        names = listed(globus_sdk.TransferClient(app=app), GIVEN["lab"])
        return {"names": names, "tokens": stored(app), "login_required": app.login_required()}


def mapped() -> dict[str, Any]:
    """Call a service that requires a further consent: the app logs in again and repeats the call."""
    with user_app(request_refresh_tokens=True, auto_redrive_gares=True) as app:
        return {"names": listed(globus_sdk.TransferClient(app=app), GIVEN["mapped"])}


def dependent() -> dict[str, Any]:
    """Require a dependent scope, which the app compares with the consents."""
    with user_app(request_refresh_tokens=True) as app:
        client = globus_sdk.TransferClient(app=app).add_app_data_access_scope(GIVEN["mapped"])
        return {"login_required": app.login_required(), "names": listed(client, GIVEN["mapped"])}


def refused() -> dict[str, Any]:
    """Call a service with a refresh token that another process has used."""
    with user_app(request_refresh_tokens=True) as app:
        try:
            listed(globus_sdk.TransferClient(app=app), GIVEN["lab"])
        except globus_sdk.AuthAPIError as error:
            return {"status": error.http_status, "message": error.text}
    raise AssertionError("the refresh token was accepted")


def stranger() -> dict[str, Any]:
    """Log in as somebody else."""
    with user_app(request_refresh_tokens=True) as app:
        app.add_scope_requirements({"transfer.api.globus.org": [TransferScopes.all]})
        try:
            app.login(force=True)
        except IdentityMismatchError as error:
            return {"stored_id": error.stored_id, "new_id": error.new_id}
    raise AssertionError("the tokens of another identity were stored")


def logout() -> dict[str, Any]:
    """Revoke and remove all tokens."""
    with user_app(request_refresh_tokens=True) as app:
        app.add_scope_requirements({"transfer.api.globus.org": [TransferScopes.all]})
        app.logout()
        return {"tokens": stored(app)}


def short() -> dict[str, Any]:
    """Log in without refresh tokens."""
    with user_app(token_storage="memory") as app:
        return {"names": listed(globus_sdk.TransferClient(app=app), GIVEN["lab"]), "tokens": stored(app)}


def client() -> dict[str, Any]:
    """Act as an application."""
    config = globus_sdk.GlobusAppConfig(token_storage="memory")
    with globus_sdk.ClientApp(
        "Service", client_id=GIVEN["service"], client_secret=GIVEN["secret"], config=config
    ) as app:
        names = listed(globus_sdk.TransferClient(app=app), GIVEN["lab"])
        return {"names": names, "tokens": stored(app), "login_required": app.login_required()}


STEPS = (use, mapped, dependent, refused, stranger, logout, short, client)
step = next(each for each in STEPS if each.__name__ == GIVEN["step"])
print(json.dumps({**step(), "logins": len(visited)}))  # noqa: T201 -- it is read by the test
