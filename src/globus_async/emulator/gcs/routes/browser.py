"""The pages of a browser that makes a credential for a connector with a login of its own, such as Google Drive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from starlette.responses import RedirectResponse

from ...kit.ids import new_id, random_text
from ...kit.responses import html_response, redirect
from ..access import check_identity, check_session, checked_account
from ..call import call
from ..errors import GCSError
from ..models import Resource
from ..policies import has_own_login

if TYPE_CHECKING:
    from starlette.responses import Response

    from ...kit.request import Request
    from ...kit.service import RouteTable
    from ..state import GCSState

__all__ = (
    "ROUTES",
    "finish_login",
    "show_completion",
    "start_login",
)


async def start_login(state: GCSState, request: Request) -> Response:
    """Redirect to the login of the provider, which returns with a code."""
    this, form = call(state, request), request.form()
    gateway = this.endpoint.gateways.get(form.get("storage_gateway_id", ""))
    if gateway is None or not has_own_login(gateway.fields["connector_id"]):
        raise GCSError.invalid(["'storage_gateway_id': a gateway whose connector has a login of its own is required"])
    identity_id = form.get("identity_id", this.caller.identity_id)
    check_identity(this, gateway, identity_id)
    check_session(this, gateway, identity_id)
    fields: dict[str, Any] = {
        "identity_id": identity_id,
        "storage_gateway_id": gateway.id,
        "connector_id": gateway.fields["connector_id"],
        "username": checked_account(this, gateway, identity_id, form.get("username") or None),
        "display_name": form.get("display_name"),
        "policies": {},
    }
    key = random_text(24)
    this.endpoint.pending_logins[key] = fields
    callback = f"{state.platform.address_of(this.endpoint.host)}/api/v1/authcallback"
    # the emulator has no provider: a user who follows the redirect has logged in there
    return RedirectResponse(f"{callback}?{urlencode({'code': random_text(16), 'state': key})}", 303)


async def finish_login(state: GCSState, request: Request) -> Response:
    """Make the credential of a login, or report that there was none."""
    endpoint = state.endpoint_of(request)
    key, error = request.parameter("state") or "", request.parameter("error")
    fields = endpoint.pending_logins.pop(key, None)
    if fields is None:
        raise GCSError(400, "bad_request", "There is no login of this state")
    if error is not None or request.parameter("code") is None:
        raise GCSError(400, "bad_request", f"The login has failed: {error or 'there is no code'}")
    credential = Resource(new_id(), fields)
    endpoint.credentials[credential.id] = credential
    address = state.platform.address_of(endpoint.host)
    return redirect(f"{address}/api/v1/authclicomplete?{urlencode({'user_credential_id': credential.id})}")


async def show_completion(state: GCSState, request: Request) -> Response:
    """Show that the login is complete."""
    state.endpoint_of(request)
    return html_response("<!doctype html><title>Globus Connect Server</title><p>The login is complete.</p>")


ROUTES: Final[RouteTable[GCSState]] = (
    ("POST", "/v1/user_credentials", start_login),
    ("GET", "/v1/authcallback", finish_login),
    ("GET", "/v1/authcallback_google", finish_login),
    ("GET", "/v1/authclicomplete", show_completion),
)
