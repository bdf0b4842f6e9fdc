"""The classes of a service's API errors, chosen by a table of codes and statuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast

from .api import (
    AuthenticationFailed,
    AuthorizationRequired,
    Conflict,
    ConsentRequired,
    ErrorResponse,
    GlobusAPIError,
    NotFound,
    PermissionDenied,
    RateLimited,
    ServiceUnavailable,
)
from .codes import error_codes, error_documents

if TYPE_CHECKING:
    from .network import Attempt

__all__ = ("ErrorKinds",)

E = TypeVar("E", bound=GlobusAPIError)

_KINDS: Final = (
    AuthenticationFailed,
    AuthorizationRequired,
    ConsentRequired,
    PermissionDenied,
    NotFound,
    Conflict,
    RateLimited,
    ServiceUnavailable,
)
_STATUSES: Final[Mapping[int, type[GlobusAPIError]]] = {
    401: AuthenticationFailed,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    429: RateLimited,
    503: ServiceUnavailable,
}


class ErrorKinds(Generic[E]):
    """
    Makes the API errors of one service: an error of a common kind is of the service's class as well.

    ``except NotFound`` catches a 404 of every service, ``except WidgetsAPIError`` all errors of one service. The class
    that is both is made here, unless the service has a class statement of that name, which also makes it public:
    ``class NotFound(errors.NotFound, WidgetsAPIError): ...``. Such statements come before the table.

    Args:
        base: The service's own class.
        codes: Regular expressions to search in an error's code, and the class for each; the first match wins. A class
            is one of the common kinds, or one of the service's own.
        statuses: Classes for HTTP statuses, for codes without a match; in addition to those of 401, 403, 404, 409, 429
            and 503, or in their place.
        final_codes: Regular expression for the codes of failures that another attempt cannot change; responses with
            such a code are not retried, whatever their status.
        transient: Whether an error response, such as a 404 of a proxy whose backend is away, may be another one on
            another connection. It is retried as a 503 is, where the method is idempotent, and its connection is closed.

    Example:
        >>> class WidgetsAPIError(GlobusAPIError):
        ...     "The widgets service returned an error."
        >>> class WidgetBroken(WidgetsAPIError):
        ...     "The widget is broken: have it repaired."
        >>> kinds = ErrorKinds(WidgetsAPIError, codes=[("^WidgetBroken$", WidgetBroken)])
        >>> kinds.class_for(409, "WidgetBroken").__name__
        'WidgetBroken'
        >>> issubclass(kinds.class_for(404, "NoSuchWidget"), NotFound)
        True
    """

    def __init__(
        self,
        base: type[E],
        *,
        codes: Sequence[tuple[str, type[GlobusAPIError]]] = (),
        statuses: Mapping[int, type[GlobusAPIError]] | None = None,
        final_codes: str | None = None,
        transient: Callable[[ErrorResponse], bool] | None = None,
    ) -> None:
        self._base = base
        self._classes: dict[type[GlobusAPIError], type[E]] = {}
        for kind in _KINDS:  # parents first
            self._classes[kind] = _declared(base, kind) or self._made(kind)
        self._codes = [(re.compile(pattern), self._of(cls)) for pattern, cls in codes]
        self._statuses = {status: self._of(cls) for status, cls in {**_STATUSES, **(statuses or {})}.items()}
        self._final_codes = None if final_codes is None else re.compile(final_codes)
        self._transient = transient

    def __repr__(self) -> str:
        return f"<ErrorKinds of {self._base.__name__}>"

    @property
    def base(self) -> type[E]:
        """The service's own class."""
        return self._base

    def __call__(self, response: ErrorResponse, attempts: tuple[Attempt, ...] = ()) -> E:
        """Make the error of a response that is not 2xx."""
        from .authorization import find_gares  # noqa: PLC0415 -- for errors only

        document = response.error_document()
        cls = self._class_for(response.status, error_codes(document))
        if not issubclass(cls, AuthorizationRequired):
            gare = next(find_gares(error_documents(document)), None)
            if gare is not None:
                consent = gare.authorization_parameters.required_scopes
                cls = self._of(ConsentRequired if consent else AuthorizationRequired)
        return cls(response, attempts)

    def class_for(self, status: int, code: str | None) -> type[E]:
        """Return the class for a status and a code: the code decides, and the status if no pattern matches."""
        return self._class_for(status, [] if code is None else [code])

    def _class_for(self, status: int, codes: list[str]) -> type[E]:
        by_code = (cls for code in codes for pattern, cls in self._codes if pattern.search(code) is not None)
        return next(by_code, None) or self._statuses.get(status, self._base)

    def is_transient(self, response: ErrorResponse) -> bool:
        """Return whether an error response may be another one on another connection."""
        return self._transient is not None and self._transient(response)

    def is_final(self, response: ErrorResponse) -> bool:
        """Return whether another attempt cannot change a failure, by its code."""
        return self._final_codes is not None and any(map(self.is_final_code, error_codes(response.error_document())))

    def is_final_code(self, code: str | None) -> bool:
        """Return whether a code is one of those that another attempt cannot change."""
        return self._final_codes is not None and code is not None and self._final_codes.search(code) is not None

    def _of(self, cls: type[GlobusAPIError]) -> type[E]:
        return self._classes[cls] if cls in self._classes else cast("type[E]", cls)

    def _made(self, kind: type[GlobusAPIError]) -> type[E]:
        """Make the class that is both of a common kind and of the service."""
        parents = (self._classes.get(parent, self._base) for parent in kind.__bases__)
        body = {
            "__doc__": kind.__doc__,
            "__module__": self._base.__module__,
            "__qualname__": f"{self._base.__qualname__}.{kind.__name__}",
        }
        made = cast("type[E]", type(kind.__name__, (kind, *parents), body))
        setattr(self._base, kind.__name__, made)  # where pickle finds it
        return made


def _declared(base: type[E], kind: type[GlobusAPIError]) -> type[E] | None:
    """Return the service's own class statement for a common kind, if there is one."""
    if base is GlobusAPIError:
        return cast("type[E]", kind)
    found = (cls for cls in _subclasses(base) if cls.__name__ == kind.__name__ and issubclass(cls, kind))
    return next((cls for cls in found if _is_of_one_service(cls, base)), None)


def _is_of_one_service(cls: type[E], base: type[E]) -> bool:
    """Tell whether all classes between a kind of error and a base are kinds too: none is the base of another table."""
    between = [parent for parent in cls.__mro__ if issubclass(parent, base) and parent not in {cls, base}]
    return all(issubclass(parent, _KINDS) for parent in between)


def _subclasses(cls: type[E]) -> Iterator[type[E]]:
    for subclass in cls.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)
