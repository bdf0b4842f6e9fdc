"""Tokens as they are stored: the text of one entry, and that of a JSON file."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from .._http.json_reader import decode_json, is_object
from .._version import __version__
from ..errors import GlobusSDKUsageError
from ..errors.arguments import check_text, check_type
from .token_data import TokenStorageData

__all__ = (
    "WRITTEN_BY",
    "StoredTokens",
    "UnusableFormat",
    "check_names",
    "checked_entries",
    "decode_entry",
    "encode_entry",
    "written_by",
)

_VERSION: Final = "2.0"
_VERSION_WITHOUT_NAMESPACES: Final = "1.0"
WRITTEN_BY: Final = "globus-sdk.version"
"""The name of the library that has written a file last."""
_SHOWN_VERSION: Final = re.compile(r"[0-9.]{1,20}")
_DEFAULT: Final = "DEFAULT"
"""The namespace of the tokens in a file of format 1.0."""


class UnusableFormat(Exception):
    """A file is JSON, but not one with tokens, or in a later format."""


def check_names(*names: str) -> bool:
    """Return whether names can be stored as UTF-8: none of them has a lone surrogate."""
    try:
        "".join(names).encode()
    except UnicodeEncodeError:
        return False
    return True


def checked_entries(token_data_by_resource_server: Mapping[str, TokenStorageData]) -> dict[str, TokenStorageData]:
    """
    Return a copy of tokens that can be stored.

    Raises:
        GlobusSDKUsageError: Something else was passed, or a value that JSON does not have.
    """
    check_type("token_data_by_resource_server", token_data_by_resource_server, Mapping, "a mapping of tokens")
    entries = dict(token_data_by_resource_server)
    for resource_server, data in entries.items():
        check_text("resource_server", resource_server)
        check_type("token_data", data, TokenStorageData, "a TokenStorageData")
        if not check_names(resource_server) or not _is_json(data):
            raise GlobusSDKUsageError(
                f"the tokens for {resource_server!a} cannot be stored: a member is not JSON, or has lone surrogates"
            )
    return entries


def encode_entry(data: TokenStorageData) -> memoryview:
    """
    Return tokens as ASCII JSON.

    Raises:
        ValueError, TypeError, RecursionError: They have members that JSON does not have.
    """
    content = memoryview(json.dumps(data.to_dict(include_extra=True), allow_nan=False).encode())
    decode_json(content.tobytes(), reject_duplicate_keys=True)
    return content


def _is_json(data: TokenStorageData) -> bool:
    try:
        encode_entry(data)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def decode_entry(text: bytes) -> TokenStorageData | None:
    """Return the tokens of a stored text; ``None`` if it is damaged."""
    try:
        entry = decode_json(text, reject_duplicate_keys=True)
    except ValueError:
        return None
    return _entry(entry)


def _entry(entry: object) -> TokenStorageData | None:
    if not is_object(entry):
        return None
    try:
        return TokenStorageData.from_dict(entry)
    except GlobusSDKUsageError:
        return None


class StoredTokens:
    """
    The content of a JSON file: tokens, by namespace and resource server, and whatever else is in it.

    What is unknown, or damaged, is kept as it is.

    Attributes:
        is_changed: Whether it differs from the file.
    """

    __slots__ = ("_document", "is_changed")

    def __init__(self) -> None:
        self.is_changed: bool = False
        self._document: dict[str, Any] = {"data": {}, "format_version": _VERSION, WRITTEN_BY: written_by()}

    @classmethod
    def decode(cls, content: memoryview) -> StoredTokens | None:
        """
        Read the content of a file; return ``None`` if it is not JSON.

        Raises:
            UnusableFormat: It is JSON without tokens, or in a later format.
        """
        stored = cls()
        try:
            # the document is no local variable here: the traceback of the error would show it
            fault = stored._take(decode_json(content.tobytes(), reject_duplicate_keys=True))
        except ValueError:
            return None
        if fault:
            raise UnusableFormat(fault)
        return stored

    def _take(self, document: object) -> str | None:
        """Hold the content of a file; return why that is not possible."""
        if not is_object(document):
            return "it is not a JSON object"
        version = document.get("format_version")
        if version == _VERSION:
            if not is_object(document.get("data")):
                return "it has no tokens under 'data'"
            self._document = document
        elif version == _VERSION_WITHOUT_NAMESPACES:
            entries = document.pop("by_rs", None)
            if not is_object(entries):
                return "it has no tokens under 'by_rs'"
            self._document = {**document, "data": {_DEFAULT: entries}, "format_version": _VERSION}
        else:
            shown = version if isinstance(version, str) and _SHOWN_VERSION.fullmatch(version) else "unknown"
            return f"its format_version is {shown}; this version of globus_async reads 1.0 and 2.0"
        return None

    def encode(self) -> memoryview:
        """
        Return the content of the file, as ASCII JSON in one line.

        Raises:
            UnusableFormat: What was read has more nested levels than can be written.
        """
        with suppress(RecursionError):
            return memoryview(json.dumps({**self._document, WRITTEN_BY: written_by()}).encode())
        raise UnusableFormat("it is nested too deeply")

    def get(self, namespace: str) -> tuple[dict[str, TokenStorageData], list[str]]:
        """Return the tokens of a namespace, and the resource servers whose tokens are damaged."""
        found = {name: _entry(entry) for name, entry in self._namespace(namespace).items()}
        tokens = {name: data for name, data in found.items() if data is not None}
        return tokens, [name for name in found if name not in tokens]

    def put(self, namespace: str, entries: Mapping[str, TokenStorageData]) -> None:
        """Add or replace tokens in a namespace."""
        self._document["data"][namespace] = {
            **self._namespace(namespace),
            **{name: data.to_dict(include_extra=True) for name, data in entries.items()},
        }
        self.is_changed = True

    def remove(self, namespace: str, resource_server: str) -> bool:
        """Remove the tokens for a resource server from a namespace, damaged ones too; return whether there were any."""
        entries = self._namespace(namespace)
        if resource_server not in entries:
            return False
        del entries[resource_server]
        self.is_changed = True
        return True

    def _namespace(self, namespace: str) -> dict[str, Any]:
        entries = self._document["data"].get(namespace, {})
        if is_object(entries):
            return entries
        del entries  # not shown by the traceback of the error
        raise UnusableFormat(f"its namespace {namespace!a} is not a JSON object")


def written_by() -> str:
    """Return the name of this library, which stands where globus-sdk writes its version; it reads any text."""
    return f"globus-async {__version__}"
