"""The values of a session store as its engine holds them: encrypted, where there is a key."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from ..sealing import Sealer
from ..secret import Secret

__all__ = ("StoredValues",)

_log = logging.getLogger("globus_async")


class StoredValues:
    """
    Encrypts values before they are stored, and decrypts them.

    A key is encrypted with its value, so that write access to the engine does not suffice to exchange two values.

    Args:
        keys: The keys of the application; ``None`` to store values as they are.
        where: The name of the store, for the log.
    """

    def __init__(self, keys: str | Secret | Sequence[str | Secret] | None, *, where: str) -> None:
        self._sealer = None if keys is None else Sealer(keys, purpose="sessions")
        self._where = where
        self._has_warned = False

    @property
    def are_encrypted(self) -> bool:
        """Whether values are encrypted."""
        return self._sealer is not None

    def seal(self, key: str, value: Secret) -> Secret:
        """Return the text to store for a value."""
        return value if self._sealer is None else self._sealer.seal(Secret(f"{key}\n{value.reveal()}"))

    def open(self, key: str, text: Secret | None) -> Secret | None:
        """Return the value of a stored text; ``None`` if there is none, or none of the keys decrypts it."""
        if text is None or self._sealer is None:
            return text
        opened = self._sealer.open(text)
        name, _, value = ("", "", "") if opened is None else opened.reveal().partition("\n")
        if name == key:
            return Secret(value)
        if not self._has_warned:
            self._has_warned = True
            _log.warning(
                "%s has values that its keys do not decrypt: they count as missing; an earlier key can be passed after"
                " the new one",
                self._where,
            )
        return None
