"""Logins that a browser has started and not completed: kept in its cookies, encrypted, and nowhere else."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from ..sealing import Sealer
from ..secret import Secret
from .sessions import store_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import Request

    from .process_mark import ProcessMark

__all__ = ("PENDING_SECONDS", "PendingLogin", "PendingLogins")

PENDING_SECONDS: Final = 600.0
"""How long a started login can be completed."""

_MAX_COOKIES: Final = 5
_MAX_BYTES: Final = 4000
"""The maximum size of the login cookies of a browser: servers limit a header to 8 KiB, some of them to 4."""
_MAX_DELETED: Final = 20
"""The maximum number of cookies deleted by one response: proxies limit the size of its headers."""
_MAX_CLOCK_DIFFERENCE: Final = 60.0
_MAX_REFUSED: Final = 1000
_HEX: Final = re.compile(r"[0-9a-f]{16}")
_OTHER_KEY: Final = (
    "a login that another process started cannot be completed by this one: pass all processes of the application"
    " the same key, GlobusLogin(key=...); see the page on deployment in the documentation"
)


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """A started login, until the browser returns."""

    state: Secret
    verifier: Secret
    next_path: str
    started_at: float
    """POSIX seconds."""

    def dump(self) -> Secret:
        """Return it as text; none of its parts contains a line break."""
        return Secret(f"{self.state.reveal()}\n{self.verifier.reveal()}\n{self.started_at}\n{self.next_path}")

    @classmethod
    def load(cls, text: Secret) -> Self:
        """Restore it from the text of `dump`."""
        state, verifier, started_at, next_path = map(Secret, text.reveal().split("\n"))
        return cls(state, verifier, next_path.reveal(), float(started_at.reveal()))


class PendingLogins:
    """
    The started logins of browsers, each in a cookie of its own, so that logins in several tabs do not meet.

    Args:
        cookie: The beginning of the cookies' names.
        keys: The keys of the application, which all of its processes have.
        client_id: The client of the logins: its cookies are of no use for the logins of another one.
    """

    def __init__(self, cookie: str, keys: str | Secret | Sequence[str | Secret], *, client_id: str) -> None:
        self._cookie = cookie
        self._sealer = Sealer(keys, purpose=f"login of {client_id}")
        self._refused: OrderedDict[str, None] = OrderedDict()

    def name_of(self, state: Secret, prefix: str) -> str:
        """Return the name of the cookie of a login."""
        return f"{prefix}{self._cookie}{store_key('login', state)[6:22]}"

    def value_of(self, login: PendingLogin, mark: str) -> Secret:
        """Return the value of the cookie of a login."""
        return Secret(f"{mark}.{self._sealer.seal(login.dump()).reveal()}")

    def displaced(self, request: Request, prefix: str, size: int, now: float) -> list[str]:
        """
        Return the names of the cookies to delete for that of a new login: invalid ones, and then the oldest.

        Args:
            request: The request of the browser, which may send cookies of any names.
            prefix: The prefix of the cookies' names.
            size: The size of the new cookie, bytes.
            now: POSIX seconds.
        """
        start = f"{prefix}{self._cookie}"
        ages: list[tuple[float, str, int]] = []
        for name, value in request.cookies.items():
            if name.startswith(start) and _HEX.fullmatch(name, len(start)):
                login = self._open(Secret(value), now)
                is_own = login is not None and self.name_of(login.state, prefix) == name
                ages.append(
                    (now - login.started_at if login and is_own else float("inf"), name, len(name) + len(value))
                )
        displaced: list[str] = []
        for place, (age, name, used) in enumerate(sorted(ages), start=2):
            size += used
            if age == float("inf") or place > _MAX_COOKIES or size > _MAX_BYTES:
                displaced.append(name)
        return displaced[-_MAX_DELETED:]

    def find(
        self, request: Request, prefix: str, state: Secret, *, now: float, mark: ProcessMark
    ) -> PendingLogin | None:
        """Return the login of a state that this browser has started; ``None`` if there is none or it has expired."""
        value = Secret(request.cookies.get(self.name_of(state, prefix), ""))
        opened = self._sealer.open(_sealed_part(value))
        if value and opened is None:
            mark.warn_of_another(value.reveal().partition(".")[0], _OTHER_KEY)
        login = None if opened is None else _current(PendingLogin.load(opened), now)
        if login is not None and login.state == state and store_key("login", state) not in self._refused:
            return login
        self._refuse(state)
        return None

    def _open(self, value: Secret, now: float) -> PendingLogin | None:
        text = self._sealer.open(_sealed_part(value))
        return None if text is None else _current(PendingLogin.load(text), now)

    def _refuse(self, state: Secret) -> None:
        """Note that a state was presented without its cookie: a best effort, in a bounded memory."""
        self._refused[store_key("login", state)] = None
        if len(self._refused) > _MAX_REFUSED:
            self._refused.popitem(last=False)


def _sealed_part(value: Secret) -> Secret:
    return Secret(value.reveal().partition(".")[2])


def _current(login: PendingLogin, now: float) -> PendingLogin | None:
    """Return a login unless it has expired; the clocks of two machines may differ a little."""
    return login if -_MAX_CLOCK_DIFFERENCE <= now - login.started_at < PENDING_SECONDS else None
