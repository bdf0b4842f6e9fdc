"""Confidential members of documents: storage keys, tokens and the secrets of applications."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, cast

from ._http.missing import MISSING
from .secret import Secret

__all__ = ("CONFIDENTIAL", "concealed")

CONFIDENTIAL: Final = frozenset(
    {
        "access_token",
        "ceph_admin_secret_key",
        "clientSecret",
        "passphrase",
        "privateKey",
        "private_key",
        "refresh_token",
        "s3_secret_key",
        "secret",
        "secret_key",
        "service_account_key",
    }
)
"""The members that are confidential, of all documents."""


def concealed(value: object, name: str = "") -> object:
    """
    Return a copy of a document in which confidential texts are a `Secret`, at any depth.

    Args:
        value: The document, or a part of it.
        name: The name of the member that the part is.
    """
    if isinstance(value, Mapping):
        members = cast("Mapping[str, object]", value)
        return {key: concealed(member, key) for key, member in members.items() if member is not MISSING}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):  # which is sent as a list
        return [concealed(item, name) for item in cast("Iterable[object]", value)]
    return Secret(value) if isinstance(value, str) and name in CONFIDENTIAL else value
