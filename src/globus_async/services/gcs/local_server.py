"""The endpoint whose node this machine is."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

from ..._http.json_reader import is_object
from ...errors.arguments import check_file_path

__all__ = ("LocalGlobusConnectServer",)

_INFO: Final = "/var/lib/globus-connect-server/info.json"
_MAX_BYTES: Final = 1 << 20


class LocalGlobusConnectServer:
    """
    The Globus Connect Server endpoint whose node this machine is, by the file of its installation.

    No request is made. The file is small and local, and is read at the first use.

    Args:
        info_path: The file.

    Example:
        >>> server = LocalGlobusConnectServer(info_path="/nonexistent/info.json")
        >>> server.endpoint_id is None
        True
    """

    def __init__(self, *, info_path: str | os.PathLike[str] = _INFO) -> None:
        check_file_path("info_path", info_path)
        self.info_path: Path = Path(info_path)
        self._info: dict[str, Any] | None = None

    @property
    def info_dict(self) -> dict[str, Any] | None:
        """The content of the file; ``None`` if it is missing or unreadable. ``del`` makes the next use read it."""
        if self._info is None:
            self._info = _read(self.info_path)
        return self._info

    @info_dict.deleter
    def info_dict(self) -> None:
        self._info = None

    @property
    def endpoint_id(self) -> str | None:
        """The endpoint's id; ``None`` if this machine is no node, or the file has none."""
        return self._text("endpoint_id")

    @property
    def domain_name(self) -> str | None:
        """The endpoint's domain, the ``gcs_address`` of a `GCSClient`; ``None`` likewise."""
        return self._text("domain_name")

    def _text(self, name: str) -> str | None:
        value = (self.info_dict or {}).get(name)
        return value if isinstance(value, str) else None

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.info_path}>"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES)
        document: object = json.loads(content)
    except (OSError, ValueError, RecursionError):  # as on machines that are no node
        return None
    return document if is_object(document) else None
