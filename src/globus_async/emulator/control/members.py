"""The members of a document, all of which must be known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import ControlError

if TYPE_CHECKING:
    from collections.abc import Collection

    from ..kit.fields import Fields

__all__ = ("check_members",)


def check_members(fields: Fields, known: Collection[str], *, what: str = "a member") -> None:
    """
    Require that a document has no other members than these.

    Raises:
        ControlError: 400, it has.
    """
    unknown = sorted(set(fields).difference(known))
    if unknown:
        message = f"There is no {what.removeprefix('a ')} '{unknown[0]}': use {', '.join(sorted(known)) or 'none'}"
        raise ControlError(400, "UNKNOWN_MEMBER", message)
