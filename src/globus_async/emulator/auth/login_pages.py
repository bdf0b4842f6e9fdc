"""HTML of the pages for login, consent, the authorization code and logout. All values are escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ("IdentityChoice", "ScopeLine", "code_page", "error_page", "login_page", "logout_page")

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1d2733; --soft: #5b6b7d; --line: #d9e0e8; --back: #eef2f6; --card: #fff;
  --blue: #27518f; --pick: #eaf1fb; --warn: #8a1f11; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ecf3; --soft: #9fb0c3; --line: #33404f; --back: #12181f;
  --card: #1b232d; --blue: #7fa9e6; --pick: #22324a; --warn: #ff9d8f; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--back);
  color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 31rem; background: var(--card); border: 1px solid var(--line); border-radius: 14px;
  padding: 2rem; box-shadow: 0 8px 30px rgb(0 0 0 / 8%); }
header { font-size: .8rem; letter-spacing: .06em; text-transform: uppercase; color: var(--soft); }
h1 { font-size: 1.35rem; line-height: 1.3; margin: .3rem 0 1rem; }
h2 { font-size: .95rem; margin: 1.5rem 0 .5rem; }
p { margin: .5rem 0; }
.soft { color: var(--soft); font-size: .9rem; }
.note { border-left: 4px solid var(--blue); background: var(--pick); padding: .6rem .9rem; border-radius: 6px; }
.warn { border-left-color: var(--warn); color: var(--warn); background: none; }
label.person { display: flex; gap: .8rem; align-items: center; border: 1px solid var(--line); border-radius: 10px;
  padding: .65rem .9rem; margin: .45rem 0; cursor: pointer; }
label.person:has(input:checked) { border-color: var(--blue); background: var(--pick); }
label.person:has(input:disabled) { cursor: default; opacity: .75; }
label.person span { display: block; }
ul { margin: .3rem 0; padding-left: 1.2rem; }
li { margin: .3rem 0; overflow-wrap: anywhere; }
.buttons { display: flex; gap: .7rem; margin-top: 1.6rem; }
button { font: inherit; padding: .6rem 1.4rem; border-radius: 9px; border: 1px solid var(--line); cursor: pointer;
  background: transparent; color: var(--ink); }
button.main { background: var(--blue); border-color: var(--blue); color: var(--card); font-weight: 600; flex: 1; }
code { display: block; font: 600 1.05rem/1.4 ui-monospace, monospace; background: var(--pick); padding: .9rem 1rem;
  border-radius: 10px; overflow-wrap: anywhere; user-select: all; margin: 1rem 0; }
"""

_COPY: Final = """
document.getElementById("copy").addEventListener("click", async (event) => {
  await navigator.clipboard.writeText(document.getElementById("code").textContent);
  event.target.textContent = "Copied";
});
"""


class IdentityChoice(NamedTuple):
    """An identity that the login page offers."""

    id: str
    username: str
    description: str
    selected: bool
    refusal: str | None
    """Why it cannot log in; `None` if it can."""


class ScopeLine(NamedTuple):
    """A requested scope with its dependencies, as the consent page lists it."""

    description: str
    scope_string: str
    dependencies: Sequence[ScopeLine]


def _page(title: str, content: str, *, script: str = "", nonce: str = "") -> str:
    script_element = f'<script nonce="{escape(nonce)}">{script}</script>' if script else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><header>Globus Auth, emulated</header><h1>{escape(title)}</h1>{content}</main>{script_element}"
        "</body></html>"
    )


def login_page(
    *,
    application: str,
    action: str,
    form_token: str,
    choices: Sequence[IdentityChoice],
    scopes: Sequence[ScopeLine],
    message: str | None,
    named_grant: str | None,
    error: str | None,
) -> str:
    """
    Return the page for login and consent.

    Args:
        application: The name of the client.
        action: The path to which the form is sent.
        form_token: The value of the form's hidden field, which identifies the login attempt.
        choices: The identities to choose from.
        scopes: The requested scopes.
        message: The client's ``session_message``.
        named_grant: The client's ``prefill_named_grant``.
        error: Why the previous choice was not accepted.
    """
    people = "".join(map(_person, choices))
    no_identity = '<p class="note warn">There is no identity yet. Add one to the emulator first.</p>'
    content = (
        (f'<p class="note warn" role="alert">{escape(error)}</p>' if error else "")
        + (f'<p class="note">{escape(message)}</p>' if message else "")
        + f'<form method="post" action="{escape(action)}">'
        + f'<input type="hidden" name="request" value="{escape(form_token)}">'
        + f"<h2>Log in as</h2>{people or no_identity}"
        + f"<h2>{escape(application)} would like to</h2>{_scope_list(scopes)}"
        + (f'<p class="soft">Label of this consent: {escape(named_grant)}</p>' if named_grant else "")
        + '<div class="buttons"><button class="main" name="decision" value="allow">Allow</button>'
        + '<button name="decision" value="deny" formnovalidate>Deny</button></div></form>'
    )
    return _page(f"{application} requests access", content)


def _person(choice: IdentityChoice) -> str:
    state = " disabled" if choice.refusal else " checked" if choice.selected else ""
    reason = f'<span class="soft warn">{escape(choice.refusal)}</span>' if choice.refusal else ""
    return (
        f'<label class="person"><input type="radio" name="identity" value="{escape(choice.id)}" required{state}>'
        f"<span><strong>{escape(choice.username)}</strong>"
        f'<span class="soft">{escape(choice.description)}</span>{reason}</span></label>'
    )


def _scope_list(scopes: Iterable[ScopeLine]) -> str:
    lines = "".join(
        f'<li>{escape(each.description)}<br><span class="soft">{escape(each.scope_string)}</span>'
        f"{_scope_list(each.dependencies) if each.dependencies else ''}</li>"
        for each in scopes
    )
    return f"<ul>{lines}</ul>"


def code_page(code: str, nonce: str) -> str:
    """Return the page that shows an authorization code to copy."""
    content = (
        "<p>Copy this code and paste it into the application.</p>"
        f'<code id="code">{escape(code)}</code>'
        '<div class="buttons"><button class="main" id="copy" type="button">Copy</button></div>'
        '<p class="soft">The code can be used once and expires after a few minutes.</p>'
    )
    return _page("Your authorization code", content, script=_COPY, nonce=nonce)


def error_page(title: str, text: str) -> str:
    """Return a page with an error message."""
    return _page(title, f'<p class="note warn" role="alert">{escape(text)}</p>')


def logout_page(link: str | None, name: str) -> str:
    """Return the page shown after logout, with a link to the application if there is one."""
    back = f'<p><a href="{escape(link)}" rel="noreferrer">Continue to {escape(name)}</a></p>' if link else ""
    return _page("You are logged out", f"<p>This browser's session has ended.</p>{back}")
