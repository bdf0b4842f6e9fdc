"""A key in a file."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from .._files.private import fault_of, make_private_folder, read_private, status_of, write_private
from ..secret import Secret
from .app_folder import expanded_path
from .errors import TokenStorageDamaged, TokenStorageError, TokenStorageUnavailable
from .file_lock import run_in_thread
from .keys import MAX_CHARACTERS, checked_key, new_key

__all__ = ("KeyFile",)

_MAX_BYTES: Final = 4 * MAX_CHARACTERS


class KeyFile:
    """
    A key in a file of its own, which only its owner can read.

    Keep it apart from the tokens: both together are as good as tokens in plain text. To replace a key, make another
    file.

    Args:
        path: The path of the file; a leading ``~`` is the home directory.

    Example:
        >>> key_file = KeyFile(folder / "tokens.key")
        >>> await key_file.create()
        >>> storage = EncryptedTokenStorage(MemoryTokenStorage(), key_file)
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: Path = Path(expanded_path("path", path))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {str(getattr(self, 'path', 'unknown'))!r}>"

    async def read_key(self) -> Secret:
        """
        Return the key.

        Raises:
            TokenStorageDamaged: It is not a key, or others than the owner could have read or written it.
            TokenStorageError: There is no such file.
            TokenStorageUnavailable: The file cannot be read.
        """
        return await run_in_thread(lambda: _read(self.path))

    async def create(self) -> None:
        """
        Write a new random key, with mode 0600; folders that are missing are made with mode 0700.

        Raises:
            TokenStorageError: There is a file already. It is not replaced: what it encrypts would be lost.
            TokenStorageUnavailable: The file cannot be written.
        """
        await run_in_thread(lambda: _create(self.path))


def _read(path: Path) -> Secret:
    """Read a key file, in a thread."""
    try:
        found = status_of(path)
        if found is None:
            raise TokenStorageError(f"there is no key file {path}; make one with: await key_file.create()")
        _check_protection(path, found)
        content = Secret(read_private(path, max_size=_MAX_BYTES).tobytes().decode("ascii", "replace"))
    except OSError as error:
        raise _unavailable(path, error) from None
    return checked_key(content, f"the key file {path}")


def _check_protection(path: Path, found: os.stat_result) -> None:
    """
    Check that a file is a regular one that only this user can read.

    Raises:
        TokenStorageDamaged: It is not.
    """
    if fault := fault_of(found):
        raise TokenStorageDamaged(f"{path} {fault}; keys are read from regular files of this user only")
    if os.name == "posix" and found.st_mode & 0o077:
        raise TokenStorageDamaged(
            f"other users can read or write the key file {path}; if none has, protect it with: chmod 600; else replace"
            " the key"
        )


def _create(path: Path) -> None:
    """Write a new key file, in a thread: complete, or not at all."""
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(8)}.new")
    content = memoryview(f"{new_key().reveal()}\n".encode())
    try:
        make_private_folder(path.parent)
        write_private(path, content, temporary=temporary, replace=False)
    except FileExistsError:
        raise TokenStorageError(f"there is a file {path} already, and it is not replaced") from None
    except OSError as error:
        raise _unavailable(path, error) from None


def _unavailable(path: Path, error: OSError) -> TokenStorageUnavailable:
    return TokenStorageUnavailable(f"the key file {path} cannot be used: {error.strerror or error}")
