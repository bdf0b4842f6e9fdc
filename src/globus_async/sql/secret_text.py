"""A column of secret texts, which no log of SQLAlchemy or of a driver shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import LargeBinary, Text, TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.types import TypeEngine

__all__ = ("SecretBytes", "SecretText")


class _HiddenText(str):
    """A text that logs do not show: SQLAlchemy's have the rows that are read, and aiosqlite's the parameters."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class _HiddenBytes(bytes):
    def __repr__(self) -> str:
        return "b'***'"


class SecretText(TypeDecorator[str]):
    """A secret text."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = Text
    cache_ok: bool | None = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Return a text as it is written."""
        return None if value is None else _HiddenText(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        """Return a text as it was read; what is not one, unchanged."""
        return _HiddenText(value) if isinstance(value, str) else value


class SecretBytes(TypeDecorator[bytes]):
    """The bytes of a secret text."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = LargeBinary
    cache_ok: bool | None = True

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002
        """Return bytes as they were read; what is none, unchanged."""
        return _HiddenBytes(value) if isinstance(value, bytes) else value
