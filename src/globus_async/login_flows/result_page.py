"""The page that a browser shows at the end of a login, and the responses to all other requests."""

from __future__ import annotations

import base64
import hashlib
import re
from html import escape
from http import HTTPStatus
from string import Template
from typing import Final, Literal

from ..errors.base import escape_control_characters

__all__ = ("HTML_TEMPLATE", "LoginState", "plain_response", "result_response")

LoginState = Literal["success", "failure", "pending"]
"""How a login ended; or that it has not ended yet."""

HTML_TEMPLATE: Final = Template("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$login_result</title>
<style>
:root {
  color-scheme: light dark;
  --page: #eef2f7; --card: #ffffff; --edge: #d7dfea; --text: #14213a; --muted: #4c5b74;
  --success: #14713d; --failure: #b3261e; --pending: #1f5fae;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1420; --card: #182132; --edge: #2a374d; --text: #eaf0fa; --muted: #aab8cf;
    --success: #5fd08f; --failure: #ff9a90; --pending: #8cbcff;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; display: grid; place-items: center; padding: 1.5rem;
  background: var(--page); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
main {
  width: 100%; max-width: 27rem; padding: 2.5rem 2rem; text-align: center; background: var(--card);
  border: 1px solid var(--edge); border-radius: 1rem; box-shadow: 0 1.25rem 3rem -2rem rgb(10 20 40 / 45%);
}
svg { width: 3.5rem; height: 3.5rem; fill: none; stroke: currentColor; stroke-width: 2.25; stroke-linecap: round;
  stroke-linejoin: round; }
.success { color: var(--success); }
.failure { color: var(--failure); }
.pending { color: var(--pending); }
.mark { display: none; }
.success .of-success, .failure .of-failure, .pending .of-pending { display: inline; }
h1 { margin: 1.1rem 0 0; font-size: 1.5rem; line-height: 1.25; font-weight: 650; color: var(--text);
  text-wrap: balance; }
p { margin: .75rem 0 0; color: var(--muted); overflow-wrap: anywhere; text-wrap: pretty; }
</style>
</head>
<body>
<main class="$login_state">
<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="10"/>
<path class="mark of-success" d="M7.5 12.4l3 3 6-6.6"/>
<path class="mark of-failure" d="M12 7v6M12 16.8v.1"/>
<path class="mark of-pending" d="M12 6.8V12l3.4 2.2"/></svg>
<h1>$login_result</h1>
<p>$post_login_message</p>
</main>
</body>
</html>
""")
"""The built-in page. A template of your own has the same placeholders: ``login_result``, ``post_login_message`` and
``login_state``, which is ``success``, ``failure`` or ``pending``."""

_STYLE: Final = re.compile(r"<style\b[^>]*>(.*?)</style\s*>", re.DOTALL | re.IGNORECASE)
_NO_CONTENT: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def result_response(template: Template, state: LoginState, result: str, message: str) -> bytes:
    """
    Return the response with the page about a login.

    Args:
        template: The template of the page.
        state: How the login ended.
        result: The heading.
        message: Further text, such as the error of a service. All texts are escaped.
    """
    page = template.substitute(login_state=state, login_result=_html(result), post_login_message=_html(message))
    hashes = " ".join(f"'sha256-{_sha256(style)}'" for style in _STYLE.findall(page))
    policy = f"{_NO_CONTENT}; img-src data:" + (f"; style-src {hashes}" if hashes else "")
    return _response(200, "text/html", page, policy)


def plain_response(status: int, text: str) -> bytes:
    """Return a response with a line of text."""
    return _response(status, "text/plain", f"{text}\n", _NO_CONTENT)


def _response(status: int, kind: str, text: str, policy: str) -> bytes:
    body = text.encode("utf-8", "backslashreplace")
    fields = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"Content-Type: {kind}; charset=utf-8",
        f"Content-Length: {len(body)}",
        f"Content-Security-Policy: {policy}",
        "Cache-Control: no-store",
        "Referrer-Policy: no-referrer",
        "X-Content-Type-Options: nosniff",
        "X-Frame-Options: DENY",
        "Cross-Origin-Resource-Policy: same-origin",
        *(["Allow: GET"] if status == 405 else []),
        "Connection: close",
    ]
    return "\r\n".join([*fields, "", ""]).encode("ascii") + body


def _html(text: str) -> str:
    return escape(escape_control_characters(text))


def _sha256(style: str) -> str:
    return base64.b64encode(hashlib.sha256(style.encode("utf-8", "backslashreplace")).digest()).decode("ascii")
