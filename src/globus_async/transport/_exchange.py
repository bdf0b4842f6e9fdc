"""The loop of every call: authorize, send, examine the outcome, refresh the token once or wait, repeat."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeVar

from .._http.response import EmbeddedError, RawResponse
from ..errors import Attempt, GlobusTimeoutError, NetworkError, ResponseDecodeError
from ..errors.base import escape_control_characters
from ..secret import redact, token_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .._http.request import Request
    from ..authorizers import GlobusAuthorizer
    from ..errors import ErrorKinds
    from ..secret import Secret
    from ._origin import Origin
    from ._rate_limit import RateLimit
    from ._retry import RetryPolicy
    from ._transport import Transport

__all__ = ("exchange",)

_log = logging.getLogger("globus_async")
_R = TypeVar("_R")


async def exchange(
    request: Request,
    *,
    transport: Transport,
    authorizer: GlobusAuthorizer | None,
    retry: RetryPolicy,
    rate_limit: RateLimit | None,
    error_kinds: ErrorKinds[Any],
    read: Callable[[RawResponse], Awaitable[_R]],
    retry_401: bool = True,
) -> _R:
    """
    Make a call, with as many attempts as it needs and is allowed.

    Args:
        request: The request to send.
        transport: The connections and their limits.
        authorizer: Supplies the credentials of every attempt, and fresh ones once after a 401.
        retry: When to retry.
        rate_limit: Limits the attempts of all calls with this authorizer.
        error_kinds: Makes the error of a response that is not 2xx.
        read: Makes the result of a 2xx response, or raises `ResponseDecodeError`.
        retry_401: Whether to try again with fresh credentials after a 401.

    Raises:
        GlobusAPIError: The last response was an error.
        NetworkError: There was no usable response.
    """
    async with transport.call():
        clock, origin = transport.clock, transport.origin(request.url)
        time_left, retries = transport.total_timeout, 0
        attempts: tuple[Attempt, ...] = ()
        outcome: RawResponse | NetworkError
        bypass_limits = request.bypass_limits or (authorizer is not None and authorizer.is_refreshing())
        while True:
            async with origin.slot(bypass_limits=bypass_limits, identity=authorizer, rate=rate_limit) as slot:
                started = clock.monotonic()
                if origin.paused_until - started >= time_left:
                    outcome, credentials, time_left = _pause_too_long(request), None, 0.0
                else:
                    outcome, credentials = await transport.sender().attempt(
                        request, slot, authorizer, time_left, earlier=attempts
                    )
                    time_left -= clock.monotonic() - started
            if isinstance(outcome, RawResponse):
                if 200 <= outcome.status < 300:
                    try:
                        result = await read(outcome)
                    except ResponseDecodeError as error:
                        # an embedded error is an error response; the frames of any other error hold the document
                        outcome = outcome if isinstance(error, EmbeddedError) else error.with_traceback(None)
                    else:
                        origin.budget.refill(after_retry=retries > 0)
                        return result
                elif (
                    outcome.status == 401
                    and retry_401
                    and authorizer is not None
                    and authorizer.handle_missing_authorization(credentials)
                ):
                    retry_401 = False
                    attempts += (Attempt("401, the token was refused", 0.0),)
                    continue
                elif outcome.status < 500 and outcome.status not in {408, 429}:
                    origin.budget.refill(after_retry=retries > 0)  # an error of the caller, not of the service
            outcome = _redacted(outcome, *request.secrets, *token_of(credentials))
            response = outcome if isinstance(outcome, RawResponse) else None
            delay = retry.delay(
                outcome,
                retries=retries,
                idempotent=request.idempotent,
                is_final=response is not None and error_kinds.is_final(response),
                jitter=transport.jitter(),
            )
            if response is not None and response.status in {429, 503}:
                _pause(origin, response, retry, delay, now=clock.monotonic())
            throttled = response is not None and response.status == 429
            if delay is None or delay >= time_left or not origin.budget.take(throttled=throttled):
                break
            attempts += (_failed_attempt(outcome, delay),)
            _log.info("%s %s: %s; retry in %.2f s", request.method, request.path, attempts[-1].outcome, delay)
            retries += 1
            time_left -= delay
            await clock.sleep(delay)
        attempts += (_failed_attempt(outcome, None),)
        if isinstance(outcome, NetworkError):
            outcome.attempts, outcome.idempotent = attempts, request.idempotent
            raise outcome
        raise error_kinds(outcome, attempts)


def _redacted(outcome: RawResponse | NetworkError, *secrets: Secret) -> RawResponse | NetworkError:
    """Redact the credentials that were sent from a failure, which logs and errors are made of."""
    if isinstance(outcome, RawResponse):
        return outcome.redacted(*secrets)
    outcome.args = tuple(redact(str(argument), *secrets) for argument in outcome.args)
    if isinstance(outcome, ResponseDecodeError) and outcome.request_id is not None:
        outcome.request_id = redact(outcome.request_id, *secrets)
    return outcome


def _pause(origin: Origin, response: RawResponse, retry: RetryPolicy, delay: float | None, *, now: float) -> None:
    """Delay all calls to a service that throttles one of them, whether or not that one is retried."""
    retry_after = response.retry_after
    if retry_after is not None:
        if retry_after <= retry.max_retry_after:
            origin.paused_until = max(origin.paused_until, now + retry_after)
    elif response.status == 429 and delay is not None and origin.paused_until <= now:
        # only the delay of the first refused call: with the longest of all, all calls would be repeated at once
        origin.paused_until = now + delay


def _pause_too_long(request: Request) -> GlobusTimeoutError:
    return GlobusTimeoutError(
        f"{request.method} {request.path}: the service requested a pause longer than the total timeout",
        stage="not sent",
    )


def _failed_attempt(outcome: RawResponse | NetworkError, waited: float | None) -> Attempt:
    """Describe a failed attempt, and the delay after it."""
    if isinstance(outcome, NetworkError):
        return Attempt(f"{type(outcome).__name__}, {outcome.stage}", waited, outcome.maybe_executed)
    status_line = escape_control_characters(f"{outcome.status} {outcome.reason}".rstrip())
    return Attempt(status_line, waited, outcome.status in {408, 500, 502, 504})
