"""The loop that every call goes through: authorize, send, judge, renew once or wait, repeat."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

from .._http.response import EmbeddedError, RawResponse
from ..errors import Attempt, GlobusAPIError, GlobusTimeoutError, NetworkError, ResponseDecodeError
from ..errors.base import escape_control_characters
from ..secret import bare, redact

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .._http.request import Request
    from ..authorizers import GlobusAuthorizer
    from ..secret import Secret
    from ._limiter import RateLimit
    from ._origin import Origin
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
    policy: RetryPolicy,
    read: Callable[[RawResponse], Awaitable[_R]],
    error_for: Callable[[RawResponse, tuple[Attempt, ...]], GlobusAPIError],
    is_final: Callable[[RawResponse], bool],
    rate: RateLimit | None = None,
    renew: bool = True,
) -> _R:
    """
    Make a call, with as many attempts as it needs and is allowed.

    Args:
        request: What to send.
        transport: How to send it.
        authorizer: Asked before every attempt; told once of a refused header.
        policy: When to try again.
        read: Makes the result of a 2xx answer, or raises `ResponseDecodeError`.
        error_for: Makes the error of any other answer.
        is_final: Whether the service says that trying again is useless.
        rate: How many attempts of one authorizer's may go out.
        renew: Whether a refused header may be answered with a fresh one.

    Raises:
        GlobusAPIError: The service answered with an error, in the end.
        NetworkError: There was no usable answer.
    """
    clock, origin = transport.clock, transport.origin(request.url)
    left, retries, may_renew = transport.total_timeout, 0, renew
    attempts: tuple[Attempt, ...] = ()
    outcome: RawResponse | NetworkError
    bypass_limits = request.bypass_limits or (authorizer is not None and authorizer.is_refreshing())
    while True:
        async with origin.turn(bypass_limits=bypass_limits, identity=authorizer, rate=rate) as turn:
            began = clock.monotonic()
            if origin.held_until - began >= left:
                outcome, credentials, left = _paused_too_long(request), None, 0.0
            else:
                outcome, credentials = await transport.attempt(request, turn, authorizer, left)
                left -= clock.monotonic() - began
        if isinstance(outcome, RawResponse):
            if 200 <= outcome.status < 300:
                try:
                    result = await read(outcome)
                except ResponseDecodeError as unusable:
                    # an error inside is one, whatever its status says; the frames of others hold the document
                    outcome = outcome if isinstance(unusable, EmbeddedError) else unusable.with_traceback(None)
                else:
                    origin.budget.refill(after_retry=retries > 0)
                    return result
            elif (
                outcome.status == 401
                and may_renew
                and authorizer is not None
                and authorizer.handle_missing_authorization(credentials)
            ):
                may_renew = False
                attempts += (Attempt("401, the token was refused", 0.0),)
                continue
            elif outcome.status < 500 and outcome.status not in {408, 429}:
                origin.budget.refill(after_retry=retries > 0)  # no success, but the service is well
        outcome = _hiding(outcome, *request.secrets, *bare(credentials))
        answer = outcome if isinstance(outcome, RawResponse) else None
        delay = policy.delay(
            outcome,
            retries=retries,
            idempotent=request.idempotent,
            is_final=answer is not None and is_final(answer),
            jitter=transport.jitter(),
        )
        if answer is not None and answer.status in {429, 503}:
            _hold_back(origin, answer, policy, delay, now=clock.monotonic())
        throttled = answer is not None and answer.status == 429
        if delay is None or delay >= left or not origin.budget.take(throttled=throttled):
            break
        attempts += (_noted(outcome, delay),)
        _log.info("%s %s: %s; again in %.2f s", request.method, request.path, attempts[-1].outcome, delay)
        retries += 1
        left -= delay
        await clock.sleep(delay)
    attempts += (_noted(outcome, None),)
    if isinstance(outcome, NetworkError):
        outcome.attempts, outcome.idempotent = attempts, request.idempotent
        raise outcome
    raise error_for(outcome, attempts)


def _hiding(outcome: RawResponse | NetworkError, *secrets: Secret) -> RawResponse | NetworkError:
    """Strike from a failure what it quotes of the credentials that were sent; logs and errors are made of the rest."""
    if isinstance(outcome, RawResponse):
        return outcome.redacted(*secrets)
    outcome.args = tuple(redact(str(word), *secrets) for word in outcome.args)
    if isinstance(outcome, ResponseDecodeError) and outcome.request_id is not None:
        outcome.request_id = redact(outcome.request_id, *secrets)
    return outcome


def _hold_back(origin: Origin, answer: RawResponse, policy: RetryPolicy, delay: float | None, *, now: float) -> None:
    """Hold back all calls to a service that throttles one, whatever becomes of that one."""
    asked = answer.retry_after
    if asked is not None:
        if asked <= policy.max_retry_after:
            origin.held_until = max(origin.held_until, now + asked)
    elif answer.status == 429 and delay is not None and origin.held_until <= now:
        # only the first call's own wait holds back the others: with the longest of all, all would come back in step
        origin.held_until = now + delay


def _paused_too_long(request: Request) -> GlobusTimeoutError:
    return GlobusTimeoutError(
        f"{request.method} {request.path}: the service asked for a pause longer than the time for the call",
        stage="not sent",
    )


def _noted(outcome: RawResponse | NetworkError, waited: float | None) -> Attempt:
    """Note in a few words what came of an attempt."""
    if isinstance(outcome, NetworkError):
        return Attempt(f"{type(outcome).__name__}, {outcome.stage}", waited, outcome.maybe_executed)
    told = escape_control_characters(f"{outcome.status} {outcome.reason}".rstrip())
    return Attempt(told, waited, outcome.status in {408, 500, 502, 504})
