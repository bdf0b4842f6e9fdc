"""Pages: templates with automatic escaping, and headers that restrict what a page may load."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi.templating import Jinja2Templates

if TYPE_CHECKING:
    from fastapi import Request
    from fastapi.responses import HTMLResponse

    from globus_async.fastapi import GlobusLogin, Session

__all__ = ("HEADERS", "HERE", "human_size", "page")

HERE = Path(__file__).parent
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def human_size(size: float | None) -> str:
    """Return a number of bytes as readable text."""
    amount = float(size or 0)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


_templates = Jinja2Templates(HERE / "templates")
_templates.env.filters["size"] = human_size
_templates.env.auto_reload = False
for _name in _templates.env.list_templates():  # loaded now, so that no request waits for the disk
    _templates.get_template(_name)


def page(
    login: GlobusLogin, request: Request, name: str, session: Session | None, status: int = 200, **names: Any
) -> HTMLResponse:
    """Return a page as a response; its links begin with ``root``, since a proxy may serve the portal below a path."""
    places = {"root": login.public_path(request, ""), "here": login.current_path(request)}
    return _templates.TemplateResponse(request, name, {"session": session, **places, **names}, status, HEADERS)
