"""Pages: templates with automatic escaping, and headers that restrict what a page may load."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi.templating import Jinja2Templates

from .explanations import explain, options_of
from .formatting import human_date, human_size, moment_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fastapi import Request
    from fastapi.responses import HTMLResponse

    from globus_async.fastapi import GlobusLogin, Session

__all__ = ("HEADERS", "HERE", "fragment", "page")

HERE = Path(__file__).parent
HEADERS = {
    # no form-action: browsers apply it to redirects, and a form may lead to a login at any institution
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def filters() -> Mapping[str, Callable[..., Any]]:
    """Return the filters of the templates."""
    return {"size": human_size, "moment": moment_of, "date": human_date, "explained": explain, "options": options_of}


_templates = Jinja2Templates(HERE / "templates")
_templates.env.filters.update(filters())
_templates.env.trim_blocks = _templates.env.lstrip_blocks = True
_templates.env.auto_reload = False
for _name in _templates.env.list_templates():  # loaded now, so that no request waits for the disk
    _templates.get_template(_name)


def page(
    login: GlobusLogin, request: Request, name: str, session: Session | None, status: int = 200, **names: Any
) -> HTMLResponse:
    """Return a page as a response; its links begin with ``root``, since a proxy may serve the portal below a path."""
    context = {**_places(login, request), "session": session, **names}
    return _templates.TemplateResponse(request, name, context, status, HEADERS)


def fragment(login: GlobusLogin, request: Request, name: str, session: Session, **names: Any) -> str:
    """Return a part of a page, for a page that is live."""
    return _templates.get_template(name).render({**_places(login, request), "session": session, **names})


def _places(login: GlobusLogin, request: Request) -> dict[str, str]:
    return {"root": login.public_path(request, ""), "here": login.current_path(request)}
