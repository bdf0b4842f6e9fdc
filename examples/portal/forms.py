"""Transfer forms that a user will see again: after a consent, or with a message about what is missing."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from globus_async import Secret

if TYPE_CHECKING:
    from fastapi import Request

    from globus_async.fastapi import GlobusLogin, Session

__all__ = ("TransferForm", "stored_form")

SECONDS = 1800.0


@dataclass(frozen=True)
class TransferForm:
    """
    The fields of a transfer form, and a message for its user.

    Attributes:
        submission_id: That of a submission whose task may exist: submitted again, it is executed at most once.
    """

    source: str
    folder: str
    destination: str = ""
    target: str = ""
    label: str = ""
    names: list[str] = field(default_factory=list[str])
    message: str = ""
    submission_id: str = ""

    async def store(self, login: GlobusLogin, request: Request, session: Session) -> str:
        """Store it beside the session, for its user only; return the path of the page that shows it."""
        form_id = self.submission_id or secrets.token_urlsafe(16)
        await login.store.put(_key(session, form_id), Secret(json.dumps(asdict(self))), seconds=SECONDS)
        return login.public_path(request, f"/collections/{self.source}?form={form_id}")


async def stored_form(login: GlobusLogin, session: Session, form_id: str) -> TransferForm | None:
    """Return a stored form of the user; ``None`` if there is none."""
    value = await login.store.get(_key(session, form_id)) if form_id else None
    return None if value is None else TransferForm(**json.loads(value.reveal()))


def _key(session: Session, form_id: str) -> str:
    return f"form:{session.identity_id}:{form_id}"
