"""The codes of an error document, by which the class of the error is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._http.json_reader import LARGE, is_list, is_object

__all__ = ("embedded_documents", "error_codes", "error_documents", "text_member")


def error_codes(document: object) -> list[str]:
    """Return all codes of an error document, the document's own first."""
    codes = [text_member(each, "code") for each in error_documents(document) if is_object(each)]
    found = [code for code in codes if code]
    oauth = text_member(document, "error") if is_object(document) else None
    return found or ([oauth] if oauth else [])


def error_documents(document: object) -> tuple[object, ...]:
    """Return an error document, its ``error`` if that is an object, and the objects in its ``errors`` list."""
    if not is_object(document):
        return (document,)
    entries = document.get("errors")
    nested = (document.get("error"), *(entries if is_list(entries) else ()))
    return (document, *filter(is_object, nested))


def embedded_documents(document: object, text: str) -> tuple[object, ...]:
    """Return the error documents of a response; servers of files embed theirs in a text, which is a message then."""
    # no error is longer; searching it would block the event loop
    return error_documents(document if document is not None else {"message": text[:LARGE]})


def text_member(document: Mapping[str, Any], name: str) -> str | None:
    """Return a member of a document; ``None`` unless it is text."""
    value = document.get(name)
    return value if isinstance(value, str) else None
