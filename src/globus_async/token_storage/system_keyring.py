"""A key in the keyring of the operating system."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from .._concurrency.daemon_call import DaemonCall
from .._single_flight import SingleFlight
from ..clock import SystemClock
from ..errors import GlobusError
from ..errors.arguments import check_clock, check_members, check_number, check_text
from ..secret import Secret
from .errors import TokenStorageError, TokenStorageUnavailable
from .keys import checked_key, new_key

if TYPE_CHECKING:
    from ..clock import Clock

__all__ = ("Keyring", "SystemKeyring")

T = TypeVar("T")


class Keyring(Protocol):
    """A keyring, such as the backends of the package ``keyring``."""

    def get_password(self, service: str, username: str, /) -> str | None:
        """Return a password; ``None`` if there is none."""
        ...

    def set_password(self, service: str, username: str, password: str, /) -> None:
        """Store a password."""
        ...


class SystemKeyring:
    """
    A key in the keyring of the operating system. Needs the extra ``globus-async[keyring]``.

    A keyring may ask its user for permission, so it is called in a thread, one at a time; callers that read the key at
    the same time share one request.

    Args:
        username: The name of the key.
        service: The name under which the keyring lists the key.
        timeout: Seconds to wait for the keyring.
        keyring: The keyring; the default is that of the operating system.
        clock: The clock.

    Example:
        >>> key = SystemKeyring("portal", keyring=keyring)
        >>> await key.create()
        >>> storage = EncryptedTokenStorage(MemoryTokenStorage(), key)
    """

    def __init__(
        self,
        username: str = "token storage",
        *,
        service: str = "globus_async",
        timeout: float = 60,
        keyring: Keyring | None = None,
        clock: Clock | None = None,
    ) -> None:
        check_text("username", username)
        check_text("service", service)
        check_number("timeout", timeout, positive=True)
        if keyring is not None:
            check_members("keyring", keyring, ("get_password", "set_password"), "a keyring of the package keyring")
        clock = SystemClock() if clock is None else clock
        check_clock(clock)
        self.username = username
        self.service = service
        self._timeout = timeout
        self._keyring = keyring
        self._clock = clock
        self._is_called = False
        self._readings = SingleFlight[Secret]("reading of a keyring")

    def __repr__(self) -> str:
        names = f"{getattr(self, 'service', 'unknown')!r}, {getattr(self, 'username', 'unknown')!r}"
        return f"<{type(self).__name__} {names}>"

    async def read_key(self) -> Secret:
        """
        Return the key.

        Raises:
            TokenStorageDamaged: It is not a key.
            TokenStorageError: There is none.
            TokenStorageUnavailable: The keyring cannot be used, or did not respond in time.
        """
        return await self._readings.join("key", self._read_key)

    async def _read_key(self) -> Secret:
        key = await self._call(self._get)
        if key is None:
            raise TokenStorageError(f"there is no key in the {self._name()}; make one with: await key.create()")
        return checked_key(key, f"the {self._name()}")

    async def create(self) -> None:
        """
        Store a new random key.

        Raises:
            TokenStorageError: There is one already. It is not replaced: what it encrypts would be lost.
            TokenStorageUnavailable: The keyring cannot be used, or did not respond in time.
        """
        await self._call(self._create)

    def _name(self) -> str:
        return f"keyring under {self.service!r}, {self.username!r}"

    def _get(self) -> Secret | None:
        text = self._opened().get_password(self.service, self.username)
        return None if text is None else Secret.of(text)

    def _create(self) -> None:
        if self._get() is not None:
            raise TokenStorageError(f"there is a key in the {self._name()} already, and it is not replaced")
        self._opened().set_password(self.service, self.username, new_key().reveal())

    def _opened(self) -> Keyring:
        if self._keyring is None:
            try:
                import keyring  # noqa: PLC0415 -- an extra
            except ImportError:
                raise TokenStorageError(
                    "the system's keyring needs an extra: pip install 'globus-async[keyring]'"
                ) from None
            self._keyring = keyring.get_keyring()
        return self._keyring

    async def _call(self, function: Callable[[], T]) -> T:
        """
        Call the keyring in a thread; one that waits for its user is left behind, and ends with the process.

        Raises:
            TokenStorageUnavailable: The keyring failed, or did not respond in time.
        """
        if self._is_called:
            raise TokenStorageUnavailable(f"the {self._name()} has not yet responded to an earlier request")

        def run() -> T | GlobusError:
            outcome = _outcome(function)
            self._is_called = False
            return outcome

        self._is_called = True
        call = DaemonCall(run, name="globus_async keyring")
        try:
            async with self._clock.timeout(self._timeout):
                outcome = await call.result()
        except TimeoutError:
            raise TokenStorageUnavailable(
                f"the {self._name()} did not respond within {self._timeout:g} s; it may be waiting to be unlocked"
            ) from None
        if isinstance(outcome, GlobusError):
            raise outcome
        return outcome


def _outcome(function: Callable[[], T]) -> T | GlobusError:
    """Return the result of a function, or its error without frames, whose locals may have the key."""
    try:
        return function()
    except GlobusError as error:
        return error.with_traceback(None)
    except BaseException as error:  # noqa: BLE001 -- backends raise errors of any kind, and their text may have the key
        return TokenStorageUnavailable(
            f"the keyring cannot be used: {type(error).__name__}; on a machine without one, use a KeyFile"
        )
