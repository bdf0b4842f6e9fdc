"""
The errors of this library; nothing of the libraries below it ever gets out.

::

    GlobusError                              every error raised on purpose
        GlobusSDKUsageError (ValueError)     called wrongly: nothing was sent
            WrongEventLoopError              a client was used from a second event loop or thread
            ClientClosedError                a client was used after it was closed
        NetworkError                         no usable answer; `maybe_executed`: it may have taken effect
            GlobusConnectionError            no connection, or it broke
            GlobusTimeoutError               no answer in time
                GlobusConnectionTimeoutError no connection in time: nothing was sent
            ResponseDecodeError              an answer that is not what the service sends
            SubmissionUncertain              a task may or may not have been created: submit the same document again
        GlobusAPIError                       the service answered with an error; and, whichever service it was:
            AuthenticationFailed             no token, or one that is expired or revoked
            AuthorizationRequired            log in again, with `authorization_parameters`
                ConsentRequired              ... and consent to `required_scopes`
            PermissionDenied                 a role, a rule or a scope is missing
            NotFound                         there is no such thing
            Conflict                         the state of things forbids it
            RateLimited                      too many requests
            ServiceUnavailable               maintenance
            TransferAPIError, AuthAPIError   ... by service: `services.transfer.NotFound` is both
        TokenRefreshError                    no fresh token could be had
            LoginRequired                    ... and none will be until the user logs in again
        IdTokenError                         an id_token breaks a rule and must not be trusted
        PaginationStalled                    a listing stopped moving

Every error pickles, copies, and holds no credentials.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from .._http.json_reader import is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .._http.response import RawResponse
    from ..gare import ErrorInfo, GlobusAuthorizationParameters

__all__ = (
    "Attempt",
    "AuthenticationFailed",
    "AuthorizationRequired",
    "ClientClosedError",
    "Conflict",
    "ConsentRequired",
    "ErrorSubdocument",
    "GlobusAPIError",
    "GlobusConnectionError",
    "GlobusConnectionTimeoutError",
    "GlobusError",
    "GlobusSDKUsageError",
    "GlobusTimeoutError",
    "IdTokenError",
    "LoginRequired",
    "NetworkError",
    "NotFound",
    "PaginationStalled",
    "PermissionDenied",
    "RateLimited",
    "ResponseDecodeError",
    "ServiceUnavailable",
    "Stage",
    "SubmissionUncertain",
    "TokenRefreshError",
    "WrongEventLoopError",
    "visible",
)

Stage = Literal["not sent", "no answer", "answer cut"]
"""How far a failed call got: nothing left, sent without an answer, or an answer that broke off."""

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_EXCERPT: Final = 2048


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a call that failed: what came of it, and how long was waited before the next."""

    outcome: str
    waited: float | None = None
    """Seconds until the next attempt; ``None`` for the last one."""
    maybe_executed: bool = False
    """Whether the service may have done what was asked: it was sent, and nothing says that it was refused."""


class GlobusError(Exception):
    """
    Root of all errors that this library raises on purpose.

    Attributes:
        resume_from: Where a listing stood when it failed: give it to ``pages(after=...)`` to go on.
    """

    resume_from: Mapping[str, object] | None = None

    def __reduce__(self) -> tuple[Callable[..., GlobusError], tuple[type[Self], tuple[Any, ...], dict[str, Any]]]:
        return _restored, (type(self), self.args, self.__dict__)


def _restored(cls: type[GlobusError], args: tuple[Any, ...], state: dict[str, Any]) -> GlobusError:
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    if "__notes__" in state:
        error.__dict__["__notes__"] = [*state["__notes__"]]  # a copy's notes are its own
    return error


class GlobusSDKUsageError(GlobusError, ValueError):
    """The call was wrong; nothing was sent."""


class WrongEventLoopError(GlobusSDKUsageError):
    """A client belongs to the event loop that used it first; make one client per loop."""


class ClientClosedError(GlobusSDKUsageError):
    """The client, or the transport it shares, has been closed."""


class NetworkError(GlobusError):
    """
    No usable answer.

    Attributes:
        stage: How far the call got.
        idempotent: Whether the call may be repeated without harm whatever became of it.
        attempts: Every try that was made.
    """

    stage: Stage
    idempotent: bool
    attempts: tuple[Attempt, ...]

    def __init__(
        self, message: str, *, stage: Stage, idempotent: bool = False, attempts: tuple[Attempt, ...] = ()
    ) -> None:
        super().__init__(message)
        self.stage = stage
        self.idempotent = idempotent
        self.attempts = attempts

    @property
    def maybe_executed(self) -> bool:
        """Whether the service may have done what was asked. If so, look before you repeat it."""
        return self.stage != "not sent"

    def __str__(self) -> str:
        text = super().__str__()
        if len(self.attempts) > 1:
            text += f" ({len(self.attempts)} attempts)"
        if self.maybe_executed and not self.idempotent:
            text += "; the service may have carried it out: look before you repeat it"
        return visible(text)


class GlobusConnectionError(NetworkError):
    """No connection could be made, or it broke."""


class GlobusTimeoutError(NetworkError):
    """No answer in time."""


class GlobusConnectionTimeoutError(GlobusTimeoutError):
    """No connection in time; nothing was sent."""


class ResponseDecodeError(NetworkError):
    """
    An answer that cannot be what the service sends: cut, oversized, not JSON, or of the wrong kind.

    Attributes:
        http_status: The status of the answer, if one was read.
        request_id: The service's id for the request, if it gave one.
        hopeless: Whether asking again would bring the same: too large, or of another kind altogether.
    """

    http_status: int | None = None
    request_id: str | None = None
    hopeless: bool = False


class SubmissionUncertain(NetworkError):
    """
    A task may or may not have been created. Submitting ``document`` again is safe: it carries its submission id.

    Attributes:
        document: What was submitted, submission id included.
    """

    document: Mapping[str, Any]


class TokenRefreshError(GlobusError):
    """No fresh access token could be had; the cause says why."""


class LoginRequired(TokenRefreshError):
    """The grant is gone (expired, revoked or replaced); only a new login brings another."""


class IdTokenError(GlobusError):
    """
    An id_token breaks a rule; whoever it speaks of has not been shown to have logged in.

    Attributes:
        rule: What is wrong: a claim such as ``"aud"``, a header member such as ``"alg"``, or ``"signature"``.
        stale_keys: Whether newer keys of the service might make it good.
    """

    rule: str
    stale_keys: bool

    def __init__(self, rule: str, why: str, *, stale_keys: bool = False) -> None:
        super().__init__(f"the id_token is refused: {why}")
        self.rule = rule
        self.stale_keys = stale_keys


class PaginationStalled(GlobusError):
    """The service answered with a page that leads back to itself; the listing was ended instead of looping."""


@dataclass(frozen=True, slots=True)
class ErrorSubdocument:
    """One entry of an error document's ``errors`` list."""

    raw: Mapping[str, Any]
    code: str | None
    message: str | None


class GlobusAPIError(GlobusError):
    """
    The service answered with an error.

    Attributes:
        http_status: The HTTP status, such as 404.
        http_reason: The reason phrase that came with it.
        code: The service's code, such as ``"EndpointNotFound"``; ``"Error"`` if it gave none.
        message: What the service says; several messages are joined with ``"; "``.
        messages: The same, one by one.
        errors: The entries of the document's ``errors`` list.
        request_id: The service's id for the request; give it to Globus support.
        headers: The headers of the answer.
        raw_text: The body.
        retry_after: Seconds the service asked to wait before the next try, if it did.
        attempts: Every try that was made.
    """

    def __init__(self, answer: RawResponse, attempts: tuple[Attempt, ...] = ()) -> None:
        document = answer.error_document()
        self.http_status: int = answer.status
        self.http_reason: str = answer.reason
        self.headers: Mapping[str, str] = answer.headers
        self.content_type: str | None = answer.headers.get("Content-Type")
        self.raw_text: str = answer.text
        self.raw_json: Any = document
        self.retry_after: float | None = answer.retry_after
        self.attempts = attempts
        self.method: str = answer.method
        self.path: str = answer.path
        self.errors: list[ErrorSubdocument] = _subdocuments(document)
        self.code: str = _first_text(
            _member(document, "code"), *(sub.code for sub in self.errors), _member(document, "error"), "Error"
        )
        self.messages: list[str] = _messages(document, self.errors)
        self.message: str = "; ".join(self.messages) or answer.reason or "the answer says no more"
        self.request_id: str | None = _request_id(document, answer.headers)
        super().__init__(self.method, self.path, self.http_status, self.code, self.message, self.request_id)
        if not self.messages and self.raw_text:
            self.add_note(f"The answer's body: {visible(self.raw_text[:_EXCERPT])}")

    @property
    def text(self) -> str:
        """The body as text."""
        return self.raw_text

    @property
    def binary_content(self) -> bytes:
        """The body as bytes."""
        return self.raw_text.encode("utf-8", "surrogateescape")

    @property
    def info(self) -> ErrorInfo:
        """What the error says about the login it wants; each part is false unless it says something."""
        from ..gare import ErrorInfo  # noqa: PLC0415 -- gare builds on the errors

        return ErrorInfo.of(self)

    def __str__(self) -> str:
        tail = f", request id {self.request_id}" if self.request_id else ""
        if len(self.attempts) > 1:
            tail += f", {len(self.attempts)} attempts"
        return visible(f"{self.http_status} {self.code}: {self.message} ({self.method} {self.path}{tail})")


class AuthenticationFailed(GlobusAPIError):
    """No credentials, or a token that is expired, revoked or not for this service."""


class AuthorizationRequired(GlobusAPIError):
    """The user must log in again, with the error's ``authorization_parameters``."""

    @property
    def authorization_parameters(self) -> GlobusAuthorizationParameters:
        """What the new login has to ask for."""
        from ..gare import GlobusAuthorizationParameters, to_gare  # noqa: PLC0415 -- gare builds on the errors

        gare = to_gare(self)
        return GlobusAuthorizationParameters() if gare is None else gare.authorization_parameters


class ConsentRequired(AuthorizationRequired):
    """The user must consent to the error's ``required_scopes``, in a new login that asks for them."""

    @property
    def required_scopes(self) -> list[str]:
        """The scopes that lack the user's consent, with their dependencies."""
        return self.authorization_parameters.required_scopes or []


class PermissionDenied(GlobusAPIError):
    """The caller lacks a role or a rule, or the token a scope."""


class NotFound(GlobusAPIError):
    """There is no such thing."""


class Conflict(GlobusAPIError):
    """The state of things forbids it."""


class RateLimited(GlobusAPIError):
    """Too many requests, even after waiting as the service asked."""


class ServiceUnavailable(GlobusAPIError):
    """The service is down for maintenance."""


def visible(text: str) -> str:
    """Escape what could act on a terminal."""
    return _CONTROL.sub(lambda match: ascii(match[0])[1:-1], text)


def _member(document: Any, name: str) -> object:
    return document.get(name) if is_object(document) else None


def _first_text(*candidates: object) -> str:
    return next((text for text in candidates if isinstance(text, str) and text), "")


def _subdocuments(document: Any) -> list[ErrorSubdocument]:
    entries = _member(document, "errors")
    if not is_list(entries):
        return []
    return [
        ErrorSubdocument(
            entry,
            _first_text(entry.get("code")) or None,
            _first_text(entry.get("message"), entry.get("detail"), entry.get("title")) or None,
        )
        for entry in entries
        if is_object(entry)
    ]


def _messages(document: Any, errors: list[ErrorSubdocument]) -> list[str]:
    own = _first_text(_member(document, "message"))
    if own:
        return [own]
    nested = [sub.message for sub in errors if sub.message]
    if nested:
        return nested
    described = _first_text(_member(document, "error_description"), _member(document, "description"))
    return [described] if described else []


def _request_id(document: Any, headers: Mapping[str, str]) -> str | None:
    found = _first_text(
        _member(document, "request_id"),
        *(_first_text(sub.raw.get("id")) for sub in _subdocuments(document)),
        _member(_member(document, "meta"), "request_id"),
        headers.get("X-Request-Id"),
    )
    return found or None
