"""Finding the login that the refusal of a service requires."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors.authorization import find_gares
from ..errors.codes import embedded_documents

if TYPE_CHECKING:
    from .._http.response import RawResponse
    from ..gare import GARE

__all__ = ("find_gare",)


def find_gare(response: RawResponse) -> GARE | None:
    """Return the authorization requirements in a response, also embedded in its text; ``None`` without any."""
    return next(find_gares(embedded_documents(response.error_document(), response.text)), None)
