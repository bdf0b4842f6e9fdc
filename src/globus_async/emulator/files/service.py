"""The emulated HTTPS servers of collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from starlette.responses import Response

from ..kit.responses import json_response
from ..kit.service import Service
from .errors import FilesError
from .grades import GRADES
from .routes import ROUTES
from .state import FilesState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..kit.errors import ServiceError
    from ..kit.grades import Grade
    from ..kit.request import Request
    from ..kit.service import Platform, RouteTable

__all__ = ("FilesService",)


class FilesService(Service[FilesState]):
    """
    The HTTPS servers of all collections, each on a host of its own.

    Args:
        platform: What it shares with the other services.
    """

    name = "files"
    title = "files over HTTPS"
    needs_host = True
    reads_bodies = False
    errors: ClassVar[type[ServiceError]] = FilesError
    grades: ClassVar[Mapping[str, Grade]] = GRADES

    def __init__(self, platform: Platform) -> None:
        super().__init__(platform, FilesState(platform))

    def serves_host(self, host: str) -> bool:
        """Return whether a host is that of a collection."""
        return self.platform.files.at(host) is not None

    def tables(self) -> Mapping[str, RouteTable[FilesState]]:
        """Return the operations on files."""
        return {"": ROUTES}

    def error_response(self, error: ServiceError, request: Request) -> Response:
        """Return the response with an error: text or JSON, without a body for HEAD."""
        if request.method == "HEAD" or error.status < 400:
            return Response(None, error.status, error.headers)
        if self.state.json_errors:
            document = error.document(path=request.path, request_id=request.id)
            return json_response(document, status=error.status, headers=error.headers)
        text = error.text if isinstance(error, FilesError) else str(error)
        return Response(text, error.status, {"Content-Type": "text/plain; charset=utf-8", **error.headers})
