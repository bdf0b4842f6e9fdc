"""Values of queries as values of a field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..values import Misfit, fit, parse_date

if TYPE_CHECKING:
    from ..values import FieldKind, Scalar

__all__ = ("coerce",)


def coerce(kind: FieldKind, value: Scalar) -> Scalar | None:
    """Return a value of a query as one of the type of a field; `None` if it cannot be one."""
    match kind:
        case "integer" | "float":
            if isinstance(value, bool):
                return None
            return _number(value) if isinstance(value, str) else value
        case "boolean" if isinstance(value, str):
            return {"true": True, "false": False}.get(value)
        case "boolean" if not isinstance(value, bool):
            return None
        case "date":
            return parse_date(value) if isinstance(value, str) else None
        case "geo_point" | "geo_shape":
            return None
        case _:
            try:
                return fit(kind, value)  # type: ignore[return-value]  # a scalar, for these types
            except Misfit:
                return None


def _number(text: str) -> float | None:
    try:
        return int(text) if len(text) < 20 else float(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return None
