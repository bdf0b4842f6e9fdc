"""Tokens that are encrypted before they are stored."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Final, cast

from .._http.json_reader import is_object
from .._single_flight import SingleFlight
from ..errors import GlobusSDKUsageError
from ..errors.arguments import check_type
from ..sealing import Sealer, check_key
from ..secret import Secret
from .base import TokenStorage
from .errors import TokenStorageDamaged
from .stored_tokens import checked_entries
from .token_data import TokenStorageData

if TYPE_CHECKING:
    from .keys import KeySource
    from .lease import Lease

__all__ = ("EncryptedTokenStorage",)

_PREFIX: Final = "sealed1."
"""The beginning of an encrypted entry; the number is that of the format."""
_REFRESH_TOKEN: Final = Secret("sealed")
"""In place of the refresh token of an encrypted entry, so that storages keep it as long as one with a refresh token."""


class EncryptedTokenStorage(TokenStorage):
    """
    Encrypts tokens before another storage stores them.

    Access and refresh tokens, identity, scopes and all other members of an entry are encrypted and authenticated
    (Fernet: AES and HMAC-SHA256), together with the namespace and the resource server, so that entries cannot be
    exchanged. Visible remain the namespace, the names of the resource servers, when an entry was written, when its
    access token expires, and whether it has a refresh token. An old copy of an entry can be put back in its place, and
    entries of two storages with the same key and namespace can be exchanged: use a key for one storage only.

    Entries that are not encrypted are refused, since anybody who can write to the storage could have put them there;
    see `reencrypt`.

    Args:
        token_storage: The storage of the encrypted tokens. It is closed with this one.
        key: A random text of 32 characters or more, such as that of ``secrets.token_urlsafe(32)``; or a source of a
            key, such as `KeyFile` or `SystemKeyring`, which is read before the first use; or several of them: the
            first one encrypts, all of them decrypt, so that a key can be replaced.

    Raises:
        GlobusSDKUsageError: There is no key, or one is too short.

    Example:
        >>> storage = EncryptedTokenStorage(MemoryTokenStorage(), key)
        >>> await storage.store_token_response(tokens)
        >>> data = await storage.get_token_data("transfer.api.globus.org")
        >>> data.token_type
        'Bearer'

    **Differs from globus-sdk:** new; its storages hold plain text.
    """

    def __init__(
        self, token_storage: TokenStorage, key: str | Secret | KeySource | Sequence[str | Secret | KeySource]
    ) -> None:
        key = _wrapped(key)  # so that no traceback shows it
        _check(key)
        check_type("token_storage", token_storage, TokenStorage, "a token storage such as JSONTokenStorage(path)")
        super().__init__(token_storage.namespace)
        self.token_storage = token_storage
        self._keys = key
        self._sealer: Sealer | None = None
        self._readings = SingleFlight[Sealer]("reading of the keys of a token storage")

    async def aclose(self) -> None:
        """Close the storage of the encrypted tokens; the next call opens it again."""
        await self.token_storage.aclose()

    async def store_token_data_by_resource_server(
        self, token_data_by_resource_server: Mapping[str, TokenStorageData]
    ) -> None:
        """
        Add or replace tokens: all of them, or none if it fails.

        Raises:
            TokenStorageDamaged: Tokens that would be replaced cannot be decrypted. Remove them with
                `remove_token_data`, if their key is lost.
            TokenStorageError: The storage cannot be used.
        """
        entries = checked_entries(token_data_by_resource_server)
        sealer = await self._get_sealer()
        stored = await self.token_storage.get_token_data_by_resource_server()
        self._open_all(sealer, {name: stored[name] for name in entries if name in stored})
        sealed = {name: self._seal(sealer, name, data) for name, data in entries.items()}
        await self.token_storage.store_token_data_by_resource_server(sealed)

    async def get_token_data_by_resource_server(self) -> dict[str, TokenStorageData]:
        """
        Return all tokens, by resource server.

        Raises:
            TokenStorageDamaged: An entry cannot be decrypted, or is not encrypted.
            TokenStorageError: The storage cannot be used.
        """
        sealer = await self._get_sealer()
        return self._open_all(sealer, await self.token_storage.get_token_data_by_resource_server())

    async def get_token_data(self, resource_server: str) -> TokenStorageData | None:
        """
        Return the tokens for a resource server; ``None`` if there are none.

        Raises:
            TokenStorageDamaged: The entry cannot be decrypted, or is not encrypted.
            TokenStorageError: The storage cannot be used.
        """
        sealer = await self._get_sealer()
        stored = await self.token_storage.get_token_data(resource_server)
        return None if stored is None else self._open(sealer, resource_server, stored)

    async def remove_token_data(self, resource_server: str) -> bool:
        """Remove the tokens for a resource server, even without their key; return whether there were any."""
        return await self.token_storage.remove_token_data(resource_server)

    async def compare_and_set(self, old: TokenStorageData | None, new: TokenStorageData) -> bool:
        """
        Replace the tokens for a resource server if they are still those that were read.

        Raises:
            TokenStorageDamaged: The stored entry cannot be decrypted, or is not encrypted; it was not replaced.
            TokenStorageError: The storage cannot be used.
        """
        check_type("new", new, TokenStorageData, "a TokenStorageData")
        checked_entries({new.resource_server: new})
        sealer = await self._get_sealer()
        stored = await self.token_storage.get_token_data(new.resource_server)
        if (None if stored is None else self._open(sealer, new.resource_server, stored)) != old:
            return False
        return await self.token_storage.compare_and_set(stored, self._seal(sealer, new.resource_server, new))

    def lease(self, name: str, seconds: float) -> AbstractAsyncContextManager[Lease]:
        """Return a context in which no other holder has the lease of this name, in the storage that is wrapped."""
        return self.token_storage.lease(name, seconds)

    async def reencrypt(self, *, accept_plain: bool = False) -> int:
        """
        Encrypt all entries of the namespace with the first key; then the other keys are no longer needed.

        Processes that use the storage at the same time are not disturbed, if they have both keys.

        Args:
            accept_plain: Whether to encrypt entries that are not encrypted, too. Only for a storage that
                no other user could write to.

        Returns:
            The number of entries.

        Raises:
            TokenStorageDamaged: An entry cannot be decrypted, or is not encrypted; nothing was changed.
            TokenStorageError: The storage cannot be used.

        Example:
            >>> storage = EncryptedTokenStorage(plain_storage, [new_key, old_key])
            >>> await storage.reencrypt(accept_plain=True)
            1
        """
        sealer = await self._get_sealer()
        stored = await self.token_storage.get_token_data_by_resource_server()
        self._open_all(sealer, stored, accept_plain=accept_plain)
        for name, entry in stored.items():
            current: TokenStorageData | None = entry
            while current is not None:
                data = self._open(sealer, name, current, accept_plain=accept_plain)
                if await self.token_storage.compare_and_set(current, self._seal(sealer, name, data)):
                    break
                current = await self.token_storage.get_token_data(name)  # another process has replaced it
        return len(stored)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {getattr(self, 'token_storage', 'no storage')!r}>"

    async def _get_sealer(self) -> Sealer:
        if self._sealer is None:
            self._sealer = await self._readings.join("keys", self._read_keys)
        return self._sealer

    async def _read_keys(self) -> Sealer:
        keys = [key if isinstance(key, Secret) else await key.read_key() for key in self._keys]
        return Sealer(keys, purpose="token storage")

    def _seal(self, sealer: Sealer, name: str, data: TokenStorageData) -> TokenStorageData:
        text = _text_of({"namespace": self.namespace, "name": name}, data)
        sealed = Secret(f"{_PREFIX}{sealer.seal(text).reveal()}")
        refresh_token = None if data.refresh_token is None else _REFRESH_TOKEN
        return TokenStorageData(data.resource_server, None, "", sealed, refresh_token, data.expires_at_seconds, None)

    def _open(
        self, sealer: Sealer, resource_server: str, stored: TokenStorageData, *, accept_plain: bool = False
    ) -> TokenStorageData:
        """
        Decrypt an entry.

        Raises:
            TokenStorageDamaged: It cannot be decrypted, or is not encrypted.
        """
        where = f"the tokens for {resource_server!r} in {self.token_storage!r}"
        if not stored.access_token.reveal().startswith(_PREFIX):
            if accept_plain:
                return stored
            raise TokenStorageDamaged(
                f"{where} are not encrypted; if no other user can write there, encrypt them with"
                " reencrypt(accept_plain=True), else remove them with remove_token_data() and log in again"
            )
        text = sealer.open(Secret(stored.access_token.reveal().removeprefix(_PREFIX)))
        if text is None:
            raise TokenStorageDamaged(
                f"{where} cannot be decrypted: they were encrypted with another key, or are damaged. Pass their key"
                " as well, after your own; or remove them with remove_token_data() and log in again"
            )
        data = _data_of(text, {"namespace": self.namespace, "name": resource_server})
        if data is None:
            raise TokenStorageDamaged(
                f"{where} belong to another resource server or namespace: somebody has exchanged entries of the"
                " storage; remove them with remove_token_data() and log in again"
            )
        return data

    def _open_all(
        self, sealer: Sealer, stored: Mapping[str, TokenStorageData], *, accept_plain: bool = False
    ) -> dict[str, TokenStorageData]:
        return {name: self._open(sealer, name, entry, accept_plain=accept_plain) for name, entry in stored.items()}


def _wrapped(key: object) -> tuple[Secret | KeySource, ...]:
    """Return one key or several, everything but sources of keys as secrets."""
    is_one = isinstance(key, str | bytes) or not isinstance(key, Sequence)
    keys: list[Any] = [key] if is_one else [*cast("Sequence[Any]", key)]
    return tuple(each if _is_source(each) else Secret.of(each) for each in keys)


def _is_source(key: object) -> bool:
    return hasattr(key, "read_key") and not isinstance(key, type)


def _check(keys: tuple[Secret | KeySource, ...]) -> None:
    """
    Check that there are keys, and that they are texts that are long enough.

    Raises:
        GlobusSDKUsageError: There is no key, or one is too short.
    """
    if not keys:
        raise GlobusSDKUsageError("there is no key: at least one is needed")
    for key in keys:
        if isinstance(key, Secret):
            check_key(key)


def _text_of(place: dict[str, str], data: TokenStorageData) -> Secret:
    """Return the text to encrypt: the tokens, and the place that they are stored in."""
    return Secret(json.dumps({**place, "data": data.to_dict(include_extra=True)}))


def _data_of(text: Secret, place: dict[str, str]) -> TokenStorageData | None:
    """Return the tokens in a decrypted text; ``None`` if they were stored in another place."""
    document: Any = json.loads(text.reveal())
    if (
        not is_object(document)
        or any(document.get(part) != value for part, value in place.items())
        or not is_object(document.get("data"))
    ):
        return None
    try:
        return TokenStorageData.from_dict(document["data"])
    except GlobusSDKUsageError:
        return None
