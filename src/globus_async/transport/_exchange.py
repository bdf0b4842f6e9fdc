"""The loop of every call: authorize, send, examine the outcome, refresh the token or log in once, or wait, repeat."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, TypeVar

from .._http.response import EmbeddedError, RawResponse
from ..errors import GlobusError, NetworkError, ResponseDecodeError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .._http.request import Request
    from ..authorizers import GlobusAuthorizer
    from ..errors import ErrorKinds
    from ._observer import ObservedCall
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
    timeout: float | None = None,  # noqa: ASYNC109 -- a value of the call's context
    observed: ObservedCall | None = None,
) -> _R:
    """
    Make a call, with as many attempts as it needs and is allowed.

    Args:
        request: The request to send.
        transport: The connections and their limits.
        authorizer: Supplies the credentials of every attempt, and fresh ones once after a 401; may let a user log in.
        retry: When to retry.
        rate_limit: Limits the attempts of all calls with this authorizer.
        error_kinds: Makes the error of a response that is not 2xx.
        read: Makes the result of a 2xx response, or raises `ResponseDecodeError`.
        retry_401: Whether to try again with fresh credentials after a 401.
        timeout: Total seconds of the call; ``None`` for the total timeout of the transport.
        observed: The call as the observer of the transport sees it, if there is one.

    Raises:
        GlobusAPIError: The last response was an error.
        NetworkError: There was no usable response.
    """
    if not transport.is_loaded:
        await transport.load()
    async with transport.call(request, error_kinds, observed, timeout=timeout, retry_401=retry_401) as call:
        clock, origin = transport.clock, transport.origin(request.url)
        retries = 0
        outcome: RawResponse | NetworkError
        bypass_limits = request.bypass_limits or (authorizer is not None and authorizer.is_refreshing())
        while True:
            try:
                slot = origin.slot(call.report, bypass_limits=bypass_limits, identity=authorizer, rate=rate_limit)
                async with slot:
                    outcome = await transport.sender().attempt(call, slot, authorizer)
                if isinstance(outcome, RawResponse) and 200 <= outcome.status < 300:
                    result = await read(outcome)
                    origin.budget.refill(after_retry=retries > 0)
                    return result
            except asyncio.CancelledError:
                if not call.is_out_of_time:
                    raise
                outcome = call.timed_out()
            except ResponseDecodeError as error:
                # an embedded error is an error response; the frames of any other error hold the document
                embedded = call.response if isinstance(error, EmbeddedError) else None
                outcome = error.with_traceback(None) if embedded is None else embedded
            except GlobusError as error:  # of the authorizer
                await call.log_in(authorizer, error)
                continue
            if isinstance(outcome, RawResponse) and _is_of_caller(outcome):
                if await call.reauthorize(authorizer, outcome):
                    continue
                origin.budget.refill(after_retry=retries > 0)  # an error of the caller, not of the service
            time_left = 0.0 if call.is_out_of_time else call.deadline - clock.monotonic()
            outcome = call.redacted(outcome)
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
            may_repeat = delay is not None and delay < time_left and call.may_repeat
            if delay is None or not may_repeat or not origin.budget.take(throttled=throttled):
                raise call.error(outcome)
            call.end_attempt(outcome, delay)
            _log.info("%s %s: %s; retry in %.2f s", request.method, request.path, call.attempts[-1].outcome, delay)
            retries += 1
            await clock.sleep(delay)


def _is_of_caller(response: RawResponse) -> bool:
    """Return whether an error response is due to the request, and not to the service."""
    return response.status < 500 and response.status not in {408, 429} and not response.is_transient


def _pause(origin: Origin, response: RawResponse, retry: RetryPolicy, delay: float | None, *, now: float) -> None:
    """Delay all calls to a service that throttles one of them, whether or not that one is retried."""
    retry_after = response.retry_after
    if retry_after is not None:
        if retry_after <= retry.max_retry_after:
            origin.paused_until = max(origin.paused_until, now + retry_after)
    elif response.status == 429 and delay is not None and origin.paused_until <= now:
        # only the delay of the first refused call: with the longest of all, all calls would be repeated at once
        origin.paused_until = now + delay
