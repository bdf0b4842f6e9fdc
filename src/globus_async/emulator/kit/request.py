"""A request to an emulated service, as its handlers see it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, overload
from urllib.parse import parse_qsl

from .errors import ErrorKind
from .fields import Fields
from .strict_json import parse_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request as StarletteRequest

    from .authentication import Caller
    from .errors import ServiceError

__all__ = ("Request",)

D = TypeVar("D")

_FLAGS: Final = {
    **dict.fromkeys(("true", "1", "t", "yes"), True),
    **dict.fromkeys(("false", "0", "f", "no"), False),
}
_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Request:
    """A request; its readers raise errors in the format of the service it was sent to."""

    method: str
    path: str
    id: str
    """The request id, for responses, errors and logs."""
    errors: type[ServiceError]
    """The error format of the service."""
    raw: StarletteRequest = field(repr=False)
    """The request as Starlette has it: URL, all headers, and a stream where the service does not read bodies."""
    body: bytes = field(default=b"", repr=False)
    authenticated: Caller | None = None
    """The owner of the access token; `None` where the service allows requests without one, and none was sent."""
    null_is_missing: bool = False
    _read: set[str] = field(default_factory=set[str], repr=False)
    """The names of the query parameters that the handler has asked for."""

    def with_errors(self, errors: type[ServiceError]) -> Request:
        """Return the request with another error format, for an operation that does not use the service's main one."""
        return replace(self, errors=errors)

    # URL and headers

    @property
    def authorization(self) -> str | None:
        """The ``Authorization`` header."""
        return self.raw.headers.get("authorization")

    @property
    def query(self) -> list[tuple[str, str]]:
        """All query parameters in their order; for a handler that checks their names itself."""
        self._read.update(self.raw.query_params)
        return self.raw.query_params.multi_items()

    def check_parameters_read(self) -> None:
        """
        Require that the handler has asked for every query parameter.

        Raises:
            ServiceError: It has not: the operation has no such parameter.
        """
        unknown = set(self.raw.query_params) - self._read
        if unknown:
            raise self.errors.of_kind(ErrorKind.INVALID_PARAMETER, f"Unknown query parameter '{min(unknown)}'")

    def header(self, name: str) -> str | None:
        """Return a header."""
        return self.raw.headers.get(name)

    def cookie(self, name: str) -> str | None:
        """Return a cookie; an empty one counts as absent."""
        return self.raw.cookies.get(name) or None

    def path_id(self, name: str) -> str:
        """Return a variable part of the path."""
        return str(self.raw.path_params[name])

    def parameter(self, name: str, default: str | None = None, *, allow_blank: bool = False) -> str | None:
        """
        Return a query parameter, the first one if it is repeated.

        Args:
            name: The parameter.
            default: Returned if it is absent.
            allow_blank: Return an empty value as it is; by default it counts as absent.
        """
        value = next(iter(self.parameters(name)), None)
        return default if value is None or not (value or allow_blank) else value

    def parameters(self, name: str) -> list[str]:
        """Return all values of a query parameter that may be repeated."""
        self._read.add(name)
        return self.raw.query_params.getlist(name)

    def parameter_list(self, name: str) -> list[str]:
        """Return the parts of a query parameter that is separated by commas; none if it is absent."""
        return [part.strip() for part in (self.parameter(name) or "").split(",") if part.strip()]

    @overload
    def flag(self, name: str) -> bool: ...
    @overload
    def flag(self, name: str, *, default: D) -> bool | D: ...
    def flag(self, name: str, *, default: object = False) -> object:
        """
        Return a boolean from the query: ``true``, ``1``, ``t``, ``yes``, or their opposites, in any case of letters.

        Args:
            name: The parameter.
            default: Returned if it is absent.

        Raises:
            ServiceError: It is something else.
        """
        value = self.parameter(name)
        if value is None:
            return default
        if value.lower() not in _FLAGS:
            raise self.errors.invalid_parameter(name, value, "a boolean")
        return _FLAGS[value.lower()]

    def integer(self, name: str, default: int, *, minimum: int = 0, maximum: int) -> int:
        """
        Return an integer from the query; one above the maximum is reduced to it.

        Raises:
            ServiceError: It is no integer, or below the minimum.
        """
        text = self.parameter(name)
        if text is None:
            return min(default, maximum)
        # int() takes digits of all scripts, underscores and spaces
        if _INTEGER.fullmatch(text) is None:
            raise self.errors.invalid_parameter(name, text, "an integer")
        value = int(text)
        if value < minimum:
            raise self.errors.invalid_parameter(name, text, f"an integer of at least {minimum}")
        return min(value, maximum)

    # body

    def document(self) -> dict[str, Any]:
        """
        Return the JSON object in the body.

        Raises:
            ServiceError: The body is no JSON, or no object.
        """
        try:
            value = parse_json(self.body)
        except (ValueError, RecursionError) as error:
            raise self.errors.of_kind(ErrorKind.INVALID_JSON, f"Could not parse JSON: {error}") from None
        if not isinstance(value, dict):
            raise self.errors.of_kind(ErrorKind.NOT_AN_OBJECT, "The request body must be a JSON object")
        return cast("dict[str, Any]", value)

    def fields(self, member: str | None = None) -> Fields:
        """
        Return the members of the JSON object in the body.

        Args:
            member: Return those of an object within it: ``project`` in ``{"project": {...}}``.

        Raises:
            ServiceError: The body is no JSON object, or the member is missing or no object.
        """
        fields = self.fields_of(self.document())
        return fields if member is None else fields.object(member, required=True)

    def fields_of(self, document: Mapping[str, object]) -> Fields:
        """Return the members of any object, with errors in the format of the service."""
        return Fields(document, self.errors, null_is_missing=self.null_is_missing)

    def form(self) -> dict[str, str]:
        """
        Return the form in the body; each field may be given once (RFC 6749, section 3.2).

        Raises:
            ServiceError: The body is not a form, or a field is repeated.
        """
        try:
            pairs = parse_qsl(self.body.decode("ascii"), keep_blank_values=True, errors="strict")
        except ValueError:
            raise self.errors.of_kind(ErrorKind.INVALID_FORM, "The request body must be a form") from None
        form = dict(pairs)
        if len(form) != len(pairs):
            raise self.errors.of_kind(ErrorKind.INVALID_FORM, "A field was given twice")
        return form

    # caller

    @property
    def caller(self) -> Caller:
        """
        The owner of the access token.

        Raises:
            ServiceError: The service allows requests without a token, this operation does not, and none was sent.
        """
        if self.authenticated is None:
            raise self.errors.of_kind(ErrorKind.NO_CREDENTIALS, "No credentials supplied")
        return self.authenticated

    def require_scope(self, *scopes: str) -> Caller:
        """
        Return the owner of the access token.

        Args:
            scopes: One of these the token must have.

        Raises:
            ServiceError: There is no token, or it has none of the scopes.
        """
        caller = self.caller
        if caller.scopes.isdisjoint(scopes):
            message = f"The token does not have the scope {' or '.join(map(repr, scopes))}"
            raise self.errors.of_kind(ErrorKind.INSUFFICIENT_SCOPE, message)
        return caller
