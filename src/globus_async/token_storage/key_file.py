"""A key in a file."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import Final

import anyio.to_thread

from ..errors.arguments import check_file_path
from ..secret import Secret
from .errors import TokenStorageDamaged, TokenStorageError, TokenStorageUnavailable
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
        >>> key_file = KeyFile(directory / "tokens.key")
        >>> await key_file.create()
        >>> storage = EncryptedTokenStorage(MemoryTokenStorage(), key_file)
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        check_file_path("path", path)
        self.path = Path(path)

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
        return await anyio.to_thread.run_sync(_read, self.path)

    async def create(self) -> None:
        """
        Write a new random key, with mode 0600; directories that are missing are made with mode 0700.

        Raises:
            TokenStorageError: There is a file already. It is not replaced: what it encrypts would be lost.
            TokenStorageUnavailable: The file cannot be written.
        """
        await anyio.to_thread.run_sync(_create, self.path)


def _read(path: Path) -> Secret:
    """Read a key file, in a thread."""
    path = _expanded(path)
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise TokenStorageError(f"there is no key file {str(path)!r}; make one with: await key_file.create()") from None
    except OSError as error:
        raise _unavailable(path, error) from None
    try:
        _check_protection(path, os.fstat(descriptor))
        content = Secret.of(os.read(descriptor, _MAX_BYTES + 1).decode("ascii", "replace"))
    except OSError as error:
        raise _unavailable(path, error) from None
    finally:
        os.close(descriptor)
    return checked_key(content, f"the file {str(path)!r}")


def _check_protection(path: Path, status: os.stat_result) -> None:
    """
    Check that a file is an ordinary one that only this user can read.

    Raises:
        TokenStorageDamaged: It is not.
    """
    if not stat.S_ISREG(status.st_mode):
        raise TokenStorageDamaged(f"{str(path)!r} is no ordinary file; a key is read from nothing else")
    if os.name != "nt":
        if status.st_uid != os.geteuid():
            raise TokenStorageDamaged(f"the key file {str(path)!r} belongs to another user; make one of your own")
        if status.st_mode & 0o077:
            raise TokenStorageDamaged(
                f"others can read or write the key file {str(path)!r}; if none has, protect it with: chmod 600;"
                " else replace the key"
            )


def _create(path: Path) -> None:
    """Write a new key file, in a thread: complete, or not at all."""
    path = _expanded(path)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        for directory in [each for each in reversed(path.parents) if not each.exists()]:
            directory.mkdir(0o700, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(f"{new_key().reveal()}\n")
                file.flush()
                os.fsync(descriptor)
            os.link(temporary, path, follow_symlinks=False)  # unlike a rename, it does not replace
        finally:
            temporary.unlink()
    except FileExistsError:
        raise TokenStorageError(f"there is a file {str(path)!r} already, and it is not replaced") from None
    except OSError as error:
        raise _unavailable(path, error) from None


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise TokenStorageError(f"there is no home directory for {str(path)!r}; pass an absolute path") from None


def _unavailable(path: Path, error: OSError) -> TokenStorageUnavailable:
    return TokenStorageUnavailable(
        f"the key file {str(path)!r} cannot be used: {error.strerror or type(error).__name__}"
    )
