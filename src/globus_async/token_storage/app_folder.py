"""Where token storages keep files: in the home directory, those of apps in the same folder as with globus-sdk."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final
from uuid import UUID

from ..errors import GlobusSDKUsageError
from ..errors.arguments import check_file_path, check_text, check_type
from .errors import TokenStorageUnavailable

__all__ = ("app_file", "expanded_path", "globus_folder")

_RESERVED_CHARACTERS: Final = re.compile(r'[<>:"/\\|?*]')
_RESERVED_NAMES: Final = re.compile(r"con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]")
"""Devices of Windows, in every folder."""
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST_NAME: Final = 255
"""Bytes of a file name, at most, on most file systems."""


def app_file(file_format: str, *, app_name: str, environment: str, client_id: UUID | str) -> Path:
    """
    Return the path of the file with the tokens of an app.

    Args:
        file_format: The ending of the file's name.
        app_name: The name of the app, of which a folder's name is made.
        environment: The Globus environment.
        client_id: The client id of the app.

    Raises:
        GlobusSDKUsageError: A name would lead out of the folder, or is reserved by an operating system.
    """
    check_type("client_id", client_id, UUID | str, "a UUID")
    check_text("environment", environment)
    name = "tokens" if environment == "production" else f"{_plain('environment', environment)}-tokens"
    return globus_folder() / "app" / _plain("client_id", str(client_id)) / _slug(app_name) / f"{name}.{file_format}"


def globus_folder() -> Path:
    """Return the folder in which Globus programs of this user keep their data."""
    local = os.environ.get("LOCALAPPDATA") or os.environ.get("APPDATA")
    if os.name == "nt" and local:
        return Path(local) / "globus"
    try:
        home = Path("~").expanduser()
    except RuntimeError:
        raise TokenStorageUnavailable("this user has no home directory for tokens: set the variable HOME") from None
    return home / "AppData" / "Local" / "globus" if os.name == "nt" else home / ".globus"


def expanded_path(name: str, value: str | os.PathLike[str]) -> str:
    """
    Return the path of a file, with the home directory in place of a leading ``~``, as in shells.

    Raises:
        GlobusSDKUsageError: It is no path of a file, or there is no such home directory.
    """
    check_file_path(name, value)
    given: str = os.fspath(value)
    path: str = os.path.expanduser(given)  # noqa: PTH111 -- it keeps "./~"
    if path.startswith("~"):
        raise GlobusSDKUsageError(f"{name} begins with ~, but there is no such home directory; pass another path")
    return path


def _plain(name: str, value: str) -> str:
    if not _PLAIN_NAME.fullmatch(value) or _is_unusable(value.lower()):
        raise GlobusSDKUsageError(f"{name} must consist of letters, digits and hyphens, to be a part of a path")
    return value


def _slug(app_name: str) -> str:
    check_text("app_name", app_name)
    text = _RESERVED_CHARACTERS.sub("+", app_name).replace(".", "-").replace(" ", "-")
    slug = "".join(filter(str.isprintable, text)).lower()
    if not slug or _is_unusable(slug):
        raise GlobusSDKUsageError(
            f"app_name {app_name!a:.80} cannot be the name of a folder: it is empty, too long or reserved; use another"
        )
    return slug


def _is_unusable(name: str) -> bool:
    return len(name.encode("utf-8", "surrogatepass")) > _LONGEST_NAME or _RESERVED_NAMES.fullmatch(name) is not None
