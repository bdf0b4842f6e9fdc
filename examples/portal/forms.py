"""Transfer forms that a user will see again: after a login or consent, or with a message about what is missing."""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import UUID

from globus_async import Secret
from globus_async.fastapi import SessionStoreUnavailable

if TYPE_CHECKING:
    from fastapi import Request

    from globus_async.fastapi import GlobusLogin

__all__ = ("TransferForm", "note_user", "noted_user", "stored_form")

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

    def is_filled_like(self, other: TransferForm) -> bool:
        """Return whether all fields of another form are the same."""
        return replace(self, message="", submission_id="") == replace(other, message="", submission_id="")

    async def store(self, login: GlobusLogin, request: Request, user_id: UUID) -> str:
        """Store it beside the sessions, for its user only; return the path of the page that shows it."""
        form_id = self.submission_id or secrets.token_urlsafe(16)
        await login.store.put(_key(user_id, form_id), Secret(json.dumps(asdict(self))), seconds=SECONDS)
        return login.public_path(request, f"/collections/{self.source}?form={form_id}")


async def stored_form(login: GlobusLogin, user_id: UUID, form_id: str) -> TransferForm | None:
    """Return a stored form of the user; ``None`` if there is none."""
    value = await login.store.get(_key(user_id, form_id)) if form_id else None
    return None if value is None else TransferForm(**json.loads(value.reveal()))


async def note_user(login: GlobusLogin, user_id: UUID, submission_id: str) -> None:
    """Store to whom a form is shown, so that it can be kept for this user if the session ends before it is sent."""
    with suppress(SessionStoreUnavailable):  # the page is shown; its form is lost if the session ends
        await login.store.put(f"form-user:{submission_id}", Secret(str(user_id)), seconds=login.lifetime + SECONDS)


async def noted_user(login: GlobusLogin, submission_id: str) -> UUID | None:
    """Return the user to whom a form with this id, which no one else knows, has been shown."""
    user = await login.store.get(f"form-user:{submission_id}")
    return None if user is None else UUID(user.reveal())


def _key(user_id: UUID, form_id: str) -> str:
    return f"form:{user_id}:{form_id}"
