"""Responses of emulated services."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from starlette.responses import HTMLResponse, RedirectResponse, Response

__all__ = ("NO_STORE", "html_response", "json_response", "redirect")

NO_STORE: Final[Mapping[str, str]] = {"Cache-Control": "no-store", "Pragma": "no-cache"}
"""Headers of responses with secrets (RFC 6749, section 5.1)."""


def json_response(document: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON response; characters that UTF-8 cannot encode, which a file name may have, are escaped."""
    return Response(json.dumps(document), status, dict(headers or {}), media_type="application/json")


def html_response(
    html: str, *, status: int = 200, script_nonce: str = "", headers: Mapping[str, str] | None = None
) -> Response:
    """
    Return an HTML page that no other site can frame and that runs no script but its own.

    Args:
        html: The page.
        status: The HTTP status.
        script_nonce: The nonce of the page's own script; no script runs by default.
        headers: Further headers.
    """
    script = f"script-src 'nonce-{script_nonce}'; " if script_nonce else ""
    policy = f"default-src 'none'; style-src 'unsafe-inline'; {script}base-uri 'none'; frame-ancestors 'none'"
    safe = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(html, status, {**safe, **(headers or {})})


def redirect(url: str, *, headers: Mapping[str, str] | None = None) -> Response:
    """Return a redirect with status 302."""
    return RedirectResponse(url, 302, dict(headers or {}))
