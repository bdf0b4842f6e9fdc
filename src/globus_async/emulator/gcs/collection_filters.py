"""The filters of the list of collections."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Final

from .documents import created_date
from .errors import GCSError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .call import Call
    from .models import ManagedCollection

__all__ = ("collection_filter",)

_COMPARISON: Final = re.compile(r"(last_access|created_at)\s*(<=|>=|<|=|>)\s*(\d{4}-\d{2}-\d{2})")
_COMPARE: Final[dict[str, Callable[[str, str], bool]]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "=": lambda a, b: a == b,
    ">=": lambda a, b: a >= b,
    ">": lambda a, b: a > b,
}


def collection_filter(call: Call) -> Callable[[ManagedCollection], bool]:
    """
    Return the predicate of the query parameters ``filter``, ``mapped_collection_id`` and ``storage_gateway_id``.

    Raises:
        GCSError: 400, there is no such filter.
    """
    tests = [_test(call, text) for text in call.request.parameter_list("filter")]
    for name in ("mapped_collection_id", "storage_gateway_id"):
        wanted = call.request.parameter(name)
        if wanted is not None:
            tests.append(_member_test(name, wanted.lower()))
    return lambda each: all(test(each) for test in tests)


def _member_test(name: str, wanted: str) -> Callable[[ManagedCollection], bool]:
    return lambda each: bool(each.fields.get(name) == wanted)


def _test(call: Call, text: str) -> Callable[[ManagedCollection], bool]:
    identities = call.caller.identity_ids
    named: dict[str, Callable[[ManagedCollection], bool]] = {
        "mapped_collections": lambda each: not each.is_guest,
        "guest_collections": lambda each: each.is_guest,
        "managed_by_me": lambda each: bool(call.roles(each.id)),
        "created_by_me": lambda each: each.creator_id in identities,
    }
    if text in named:
        return named[text]
    match = _COMPARISON.fullmatch(text)
    if match is None or not _is_date(match[3]):
        expected = f"one of {', '.join(named)}, or a comparison of last_access or created_at with a date"
        raise GCSError.invalid_parameter("filter", text, expected)
    compare, day = _COMPARE[match[2]], match[3]
    return lambda each: compare(created_date(each), day)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
