"""The observer of calls: what a program overrides to measure or trace them, and the values that it is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from ..errors import Stage

__all__ = ("ObservedAttempt", "ObservedCall", "ObservedRefresh", "Observer")


@dataclass(eq=False, slots=True, weakref_slot=True)
class ObservedCall:
    """
    A call, as an `Observer` sees it: the same object at every event, changed by the transport only.

    Nothing in it is secret: it has no query, header, body or token.

    Attributes:
        operation: The client method, such as ``"TransferClient.get_task"``; ``""`` if there is none.
        http_method: The HTTP method.
        path_template: The path with the names of its fields, such as ``"/v0.10/task/{task_id}"``; ``None`` for a path
            of the caller's own, as in `BaseClient.get`.
        scheme: ``"https"`` or ``"http"``.
        server_address: The host name of the service.
        server_port: The port of the service.
        started_at: POSIX time at which the call began, in seconds.
        seconds: How long the call took; ``None`` until it has ended.
        status: The HTTP status of the last response; ``None`` without one.
        request_id: The service's id of the last request; ``None`` without one.
        attempts: The number of attempts so far.
        error: The name of the class of the error, ``"CancelledError"`` included; ``None`` if there is none.
        queued: Seconds for which the call waited for a slot of the calls in flight.
        throttled: Seconds for which it waited for the rate limit, or for the end of a pause.
    """

    operation: str
    http_method: str
    path_template: str | None
    scheme: str
    server_address: str
    server_port: int
    started_at: float = 0.0
    seconds: float | None = None
    status: int | None = None
    request_id: str | None = None
    attempts: int = 0
    error: str | None = None
    queued: float = 0.0
    throttled: float = 0.0


@dataclass(eq=False, slots=True, weakref_slot=True)
class ObservedAttempt:
    """
    An attempt of a call, from the moment at which its credentials are there until its outcome is known.

    Attributes:
        call: The call.
        number: The number of the attempt, from 1.
        started_at: POSIX time at which it began, in seconds.
        seconds: How long it took; ``None`` until it has ended.
        status: The HTTP status; ``None`` without a response.
        request_id: The service's id of the request; ``None`` without one.
        error: The name of the class of the error; ``None`` if there is a response.
        stage: How far a failed attempt without a usable response got; ``None`` otherwise.
        retry_reason: Why another attempt is to follow: ``"429"``, ``"503"`` ..., ``"no response"``, ``"not sent"``,
            ``"response truncated"``, ``"token refused"`` or ``"login"``; ``None`` if none is.
        delay: Seconds until then; ``None`` if no other attempt is to follow.
    """

    call: ObservedCall
    number: int
    started_at: float
    seconds: float | None = None
    status: int | None = None
    request_id: str | None = None
    error: str | None = None
    stage: Stage | None = None
    retry_reason: str | None = None
    delay: float | None = None


@dataclass(eq=False, slots=True, weakref_slot=True)
class ObservedRefresh:
    """
    A refresh of an access token that has ended.

    Attributes:
        authorizer: The name of the class of the authorizer.
        resource_server: The resource server that the token is for; ``""`` if it is not known.
        started_at: POSIX time at which it began, in seconds.
        seconds: How long it took.
        error: The name of the class of the error; ``None`` if there is none.
        calls: The calls of this observer that waited for it; none, if it ran in the background.
    """

    authorizer: str
    resource_server: str
    started_at: float
    seconds: float
    error: str | None = None
    calls: tuple[ObservedCall, ...] = field(default=(), repr=False)


class Observer:
    """
    Observes the calls of a `Transport`, and the token refreshes that they start or wait for.

    Override the methods that you need. They are called on the event loop, in the order of the events, and must not
    block it. An exception is logged, once per method and class of exception, and otherwise ignored. Nothing secret is
    passed. Every call and every attempt that has started ends exactly once, also when it is cancelled or the transport
    is closed.

    Example:
        >>> class Slow(Observer):
        ...     def call_ended(self, call):
        ...         if call.seconds > 10:
        ...             print(call.operation, call.status, call.attempts)
        >>> async with Transport(observer=Slow()) as transport:
        ...     tc = TransferClient(authorizer=authorizer, transport=transport)
    """

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    def call_started(self, call: ObservedCall) -> None:
        """Handle the begin of a call."""

    def call_ended(self, call: ObservedCall) -> None:
        """Handle the end of a call, after that of its last attempt."""

    def attempt_started(self, attempt: ObservedAttempt) -> None:
        """Handle the begin of an attempt: its credentials are there, and it is being sent."""

    def attempt_ended(self, attempt: ObservedAttempt) -> None:
        """Handle the end of an attempt, before the delay, the login or the refresh that may precede the next one."""

    def refresh_ended(self, refresh: ObservedRefresh) -> None:
        """Handle the end of a token refresh; exactly once, whether it succeeded and whether a call waited for it."""

    def throttled(self, call: ObservedCall, seconds: float, reason: Literal["rate limit", "pause"]) -> None:
        """Handle the end of a wait for the rate limit, or for the end of a pause that the service requested."""
