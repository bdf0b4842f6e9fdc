"""A page that shows the resources of an emulator in a browser, and refreshes itself."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import asdict
from functools import cache, partial
from html import escape
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from .status_assets import SCRIPT, STYLE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.requests import Request

    from .kit.status import StatusTable

__all__ = ("status_routes",)

_STATE: Final = "/emulator/state"
_PATHS: Final = ("/", _STATE, "/favicon.ico")


def status_routes(tables: Sequence[StatusTable], snapshot: Callable[[], Awaitable[dict[str, Any]]]) -> list[BaseRoute]:
    """
    Return the routes of the page and its data.

    Args:
        tables: What the page shows.
        snapshot: Returns address, variables, time, numbers of requests, and the rows of each table by its name.
    """
    page_once = cache(partial(_page, tables))  # not before it is asked for

    async def page(_request: Request) -> HTMLResponse:
        html, policy = page_once()
        return HTMLResponse(html, headers={"content-security-policy": policy})

    async def state(_request: Request) -> Response:
        # escaped, since a name may have characters that UTF-8 cannot encode
        body = json.dumps(await snapshot())
        return Response(body, headers={"cache-control": "no-store"}, media_type="application/json")

    async def icon(_request: Request) -> Response:
        return Response(status_code=204)

    return [Route(path, endpoint) for path, endpoint in zip(_PATHS, (page, state, icon), strict=True)]


def _page(tables: Sequence[StatusTable]) -> tuple[str, str]:
    """Return the page and its policy, which allows this style and this script only."""
    columns = {table.name: [asdict(column) for column in table.columns] for table in tables}
    # "<" would end the script
    script = SCRIPT.replace("{{tables}}", json.dumps(columns).replace("<", "\\u003c"))
    html = (
        _TEMPLATE.replace("{{style}}", STYLE)
        .replace("{{sections}}", "\n".join(map(_section, tables)))
        .replace("{{script}}", script)
    )
    return html, _POLICY.format(style=_hash(STYLE), script=_hash(script))


def _section(table: StatusTable) -> str:
    name, title = escape(table.name), escape(table.title)
    heads = "".join(f'<th scope="col" class="{column.kind}">{escape(column.title)}</th>' for column in table.columns)
    return (
        f'<section>\n<h2 id="{name}-title">{title} <span class="count" id="{name}-count"></span></h2>\n'
        f'<div class="box" role="region" aria-labelledby="{name}-title" tabindex="0">\n'
        f'<table aria-labelledby="{name}-title"><thead><tr>{heads}</tr></thead><tbody id="{name}"></tbody></table>\n'
        f'<p class="empty" id="{name}-empty">{escape(table.empty)}</p>\n</div>\n</section>'
    )


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


_POLICY: Final = (
    "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_TEMPLATE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Globus emulator</title>
<style>{{style}}</style>
</head>
<body>
<header>
<h1>Globus emulator</h1>
<p id="summary">…</p>
<p id="lost" role="status" hidden>The emulator does not respond. It may have ended; this page tries again.</p>
</header>
<main>
<section id="connect" hidden>
<h2>Connect a program</h2>
<p>Address <code id="address"></code> <button type="button" data-copies="address">Copy address</button></p>
<div class="box variables">
<pre id="variables" tabindex="0" role="region" aria-label="Environment variables"></pre>
<button type="button" data-copies="variables">Copy variables</button>
</div>
</section>
{{sections}}
</main>
<p id="copied" role="status"></p>
<script>{{script}}</script>
</body>
</html>
"""
