"""Copies of documents, so that what one caller changes is not changed for the others that share a request."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any, TypeVar, cast

from .._http.json_reader import is_list, is_object

__all__ = ("copy_document",)

D = TypeVar("D")


def copy_document(document: D) -> D:
    """Return a copy of a JSON document, of all its levels, however many there are."""
    top: dict[object, object] = {None: document}
    pending: list[Any] = [top]
    while pending:
        holder: Any = pending.pop()
        members: Iterable[tuple[object, object]] = enumerate(holder) if is_list(holder) else holder.items()
        for key, member in members:
            if is_list(member) or is_object(member):
                own = copy.copy(member)
                holder[cast("Any", key)] = own
                pending.append(own)
    return cast("D", top[None])
