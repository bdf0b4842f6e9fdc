"""
Globus Auth Requirements Errors: find the login that an error requires.

Services report it in several forms; `to_gare` reads all of them, from an error, from one of its entries, or from any
dict. Use the result for a new login::

    try:
        await tc.operation_ls(collection_id, path="/")
    except GlobusAPIError as error:
        if gare := to_gare(error):
            url = flow.get_authorize_url(**gare.authorization_parameters.for_authorize_url())
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from ..errors import ErrorSubdocument, GlobusAPIError
from ..errors.authorization import GARE, ConsentRequiredInfo, ErrorInfo, GlobusAuthorizationParameters, find_gares
from ..errors.codes import embedded_documents

__all__ = (
    "GARE",
    "AnyErrorDocument",
    "ConsentRequiredInfo",
    "ErrorInfo",
    "GlobusAuthorizationParameters",
    "has_gares",
    "is_gare",
    "to_gare",
    "to_gares",
)

AnyErrorDocument: TypeAlias = GlobusAPIError | ErrorSubdocument | Mapping[str, Any]
"""An error, an entry of its ``errors``, or an error document."""


def to_gare(error: AnyErrorDocument) -> GARE | None:
    """
    Find the authorization requirements in an error.

    Args:
        error: An error, an entry of its ``errors``, or a document.

    Returns:
        The first requirements, of the document itself or of its entries; ``None`` if there are none.

    Example:
        >>> gare = to_gare({"code": "ConsentRequired", "required_scopes": ["transfer[*data_access]"]})
        >>> gare.authorization_parameters.required_scopes
        ['transfer[*data_access]']
    """
    return next(find_gares(_documents(error)), None)


def to_gares(errors: Iterable[AnyErrorDocument]) -> list[GARE]:
    """Find all authorization requirements in errors, each once; an error with several entries may have several."""
    found: list[GARE] = []
    for error in errors:
        for gare in find_gares(_documents(error)):
            if not any(gare.authorization_parameters == other.authorization_parameters for other in found):
                found.append(gare)
    return found


def is_gare(error: AnyErrorDocument) -> bool:
    """Return whether an error has authorization requirements."""
    return to_gare(error) is not None


def has_gares(errors: Iterable[AnyErrorDocument]) -> bool:
    """Return whether any of the errors has authorization requirements."""
    return any(map(is_gare, errors))


def _documents(error: AnyErrorDocument) -> Iterable[object]:
    match error:
        case GlobusAPIError():
            return embedded_documents(error.raw_json, error.raw_text)
        case ErrorSubdocument():
            return (error.raw,)
        case _:
            return (error,)
