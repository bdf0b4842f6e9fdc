"""The items of documents, given as paths, as pairs of paths, or as the arguments of ``add_item``."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from typing import Any, TypeAlias, TypeVar, cast, overload

from ...._http.missing import MISSING
from ....errors import GlobusSDKUsageError
from ....errors.arguments import check_iterable

__all__ = ("DeleteItem", "TransferItem", "add_all", "add_delete_item", "add_transfer_item", "each_item")

T = TypeVar("T")

TransferItem: TypeAlias = tuple[str, str] | Mapping[str, Any]
"""
A pair of source and destination path, or the arguments of `TransferData.add_item` as a mapping.

In a pair, a source path with a trailing slash is a directory, transferred with its contents.
"""

DeleteItem: TypeAlias = str | Mapping[str, Any]
"""A path, or the arguments of `DeleteData.add_item` as a mapping."""


@overload
def each_item(items: Mapping[str, str] | Iterable[TransferItem]) -> Iterable[TransferItem]: ...


@overload
def each_item(
    items: Mapping[str, str] | Iterable[TransferItem] | AsyncIterable[TransferItem],
) -> Iterable[TransferItem] | AsyncIterable[TransferItem]: ...


def each_item(
    items: Mapping[str, str] | Iterable[TransferItem] | AsyncIterable[TransferItem],
) -> Iterable[TransferItem] | AsyncIterable[TransferItem]:
    """
    Return the items of a transfer: the pairs of a mapping of source to destination paths, anything else unchanged.

    Raises:
        GlobusSDKUsageError: It is a document, or a mapping of a single item.
    """
    if not isinstance(items, Mapping):
        return items
    pairs = cast("Mapping[str, str]", items)
    if not {"source_path", "DATA_TYPE"}.isdisjoint(pairs):
        raise GlobusSDKUsageError(
            "items is a document or a single mapping of add_item's arguments; pass a list of such mappings, or a"
            " mapping of source paths to destination paths"
        )
    return pairs.items()


def add_all(items: Iterable[T], add: Callable[[T], None], expected: str) -> None:
    """
    Add items to a document.

    Args:
        items: The items.
        add: Adds one.
        expected: What they must be, for the error.

    Raises:
        GlobusSDKUsageError: They are a mapping or no iterable; or one is invalid, which the error numbers from 0.
    """
    check_iterable("items", items, Iterable, expected)
    if isinstance(items, Mapping):  # its names would be the items
        raise GlobusSDKUsageError(f"items is a single mapping; pass {expected}")
    for number, item in enumerate(items):
        try:
            add(item)
        except (TypeError, ValueError) as error:
            raise GlobusSDKUsageError(f"item {number} is invalid: {error}") from None


def add_transfer_item(add_item: Callable[..., object], item: TransferItem) -> None:
    """
    Add an item to a transfer; an invalid one raises a `TypeError` or `ValueError`.

    Args:
        add_item: `TransferData.add_item` of the transfer.
        item: The item.
    """
    match item:
        case Mapping():
            add_item(**item)
        case (source_path, destination_path):
            is_directory = isinstance(source_path, str) and source_path.endswith("/")
            add_item(source_path, destination_path, True if is_directory else MISSING)
        case _:
            raise TypeError("not a pair of source and destination path, nor a mapping of add_item's arguments")


def add_delete_item(add_item: Callable[..., object], item: DeleteItem) -> None:
    """
    Add an item to a deletion; an invalid one raises a `TypeError` or `ValueError`.

    Args:
        add_item: `DeleteData.add_item` of the deletion.
        item: The item.
    """
    if isinstance(item, Mapping):
        add_item(**item)
    else:
        add_item(item)
