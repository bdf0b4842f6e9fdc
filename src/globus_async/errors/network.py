"""Errors of calls without a usable response, and whether such a call may have taken effect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from .base import GlobusError, escape_control_characters

__all__ = (
    "Attempt",
    "GlobusConnectionError",
    "GlobusConnectionTimeoutError",
    "GlobusTimeoutError",
    "NetworkError",
    "ResponseDecodeError",
    "Stage",
    "SubmissionUncertain",
)

Stage = Literal["not sent", "no response", "response truncated"]
"""How far a failed call got: not sent at all, sent without a response, or a response that is cut off or unusable."""


class Attempt(NamedTuple):
    """
    One attempt of a call.

    Attributes:
        outcome: How it failed, such as ``"503 Service Unavailable"``.
        waited: Seconds until the next attempt; ``None`` for the last one.
        maybe_executed: Whether the service may have executed the request: it was sent, and was not refused.
    """

    outcome: str
    waited: float | None = None
    maybe_executed: bool = False


class NetworkError(GlobusError):
    """
    No usable response.

    Attributes:
        stage: How far the call got.
        idempotent: Whether the call may be repeated without harm, even if it was executed.
        attempts: All attempts, in order.
        retryable: Whether another attempt may succeed; not if a response is too large or no JSON at all, a proxy
            refuses the connection, or the service requested a pause that is longer than the total timeout.
        underlying_exception: The error of the operating system or of TLS, if there is one, such as a
            `ConnectionRefusedError` or `ssl.SSLCertVerificationError`; also the ``__cause__``. It has a number and a
            text, and nothing of the request.
        request_id: The service's id of the request, if a response was received and has one.
    """

    stage: Stage
    idempotent: bool
    attempts: tuple[Attempt, ...]
    retryable: bool = True
    underlying_exception: OSError | None = None
    request_id: str | None = None

    def __init__(
        self, message: str, *, stage: Stage, idempotent: bool = False, attempts: tuple[Attempt, ...] = ()
    ) -> None:
        super().__init__(message)
        self.stage = stage
        self.idempotent = idempotent
        self.attempts = attempts

    @property
    def maybe_executed(self) -> bool:
        """Whether the service may have executed the request, at any attempt. If so, check before you repeat it."""
        return self.stage != "not sent" or any(attempt.maybe_executed for attempt in self.attempts)

    def __str__(self) -> str:
        text = super().__str__()
        if len(self.attempts) > 1:
            text += f" ({len(self.attempts)} attempts)"
        if self.maybe_executed and not self.idempotent:
            text += "; the service may have executed the request: check before you repeat it"
        return escape_control_characters(text)


class GlobusConnectionError(NetworkError):
    """No connection could be made, or it broke."""


class GlobusTimeoutError(NetworkError):
    """No response in time."""


class GlobusConnectionTimeoutError(GlobusTimeoutError):
    """No connection in time; nothing was sent."""


class ResponseDecodeError(NetworkError):
    """
    A response that is truncated, too large, not JSON, or of an unexpected form.

    Attributes:
        http_status: The status of the response, if one was received.
    """

    http_status: int | None = None


class SubmissionUncertain(NetworkError):
    """
    A task may or may not have been created. Submitting ``document`` again is safe: it contains its submission id.

    Attributes:
        document: The submitted document, submission id included.
    """

    document: Mapping[str, Any]
