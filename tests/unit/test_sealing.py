"""Encryption with the application's keys."""

from __future__ import annotations

from typing import Any

import pytest

from globus_async import GlobusSDKUsageError, Secret
from globus_async.sealing import Sealer
from tests.toolkit.canaries import canary, leaks_of, leaks_of_error

KEY, OTHER = "k" * 32, "o" * 32


@pytest.mark.parametrize("key", ["", "short", ["k" * 31], [KEY, "short"], Secret(""), None, 7, [7]])
def test_weak_keys_are_refused(key: Any) -> None:
    """Without showing them."""
    with pytest.raises(GlobusSDKUsageError, match="32 characters") as caught:
        Sealer(key, purpose="test")
    assert "short" not in str(caught.value)


def test_no_key() -> None:
    with pytest.raises(GlobusSDKUsageError, match="at least one"):
        Sealer([], purpose="test")


def test_keys_are_not_shown() -> None:
    """Neither by the object, nor by the error about another one of them."""
    assert leaks_of(Sealer(canary("key"), purpose="test")) == []
    with pytest.raises(GlobusSDKUsageError) as caught:
        Sealer([canary("key"), "short"], purpose="test")
    assert leaks_of_error(caught.value) == []


def test_each_purpose_has_its_own_key() -> None:
    """What is encrypted for one cannot be used for another."""
    sealed = Sealer(KEY, purpose="one").seal(Secret("text"))
    assert Sealer(KEY, purpose="one").open(sealed) == Secret("text")
    assert Sealer(KEY, purpose="two").open(sealed) is None


def test_the_first_key_encrypts_and_all_decrypt() -> None:
    old, new = Sealer(OTHER, purpose="x"), Sealer([KEY, OTHER], purpose="x")
    assert new.open(old.seal(Secret("text"))) == Secret("text")
    assert old.open(new.seal(Secret("text"))) is None


@pytest.mark.parametrize("text", ["", "A", "gAAAA", "not base64 !", "\ud800", "\u00e9" * 8, "=" * 100, "A" * 100])
def test_other_texts_are_not_opened(text: str) -> None:
    """Whatever stands in a file or a cookie."""
    assert Sealer(KEY, purpose="x").open(Secret(text)) is None


def test_a_changed_text_is_not_opened() -> None:
    """Whichever character was changed."""
    sealer = Sealer(KEY, purpose="x")
    sealed = sealer.seal(Secret("text")).reveal()
    changed = [sealed[:at] + ("A" if sealed[at] != "A" else "Q") + sealed[at + 1 :] for at in range(len(sealed) - 1)]
    assert [sealer.open(Secret(each)) for each in changed] == [None] * len(changed)
