"""The bounded, shared transport, and the loop that every call goes through."""

from typing import TYPE_CHECKING

from .._lazy_names import lazy_names
from ._exchange import exchange
from ._http_client import HTTPClient
from ._rate_limit import RateLimit
from ._rate_limit_store import RateLimitStore
from ._retry import RetryBudget, RetryPolicy
from ._transport import Transport

if TYPE_CHECKING:
    from ._observer import ObservedAttempt, ObservedCall, ObservedRefresh, Observer
    from ._streamed_response import StreamedCall, StreamedResponse, streamed

__all__ = (
    "HTTPClient",
    "ObservedAttempt",
    "ObservedCall",
    "ObservedRefresh",
    "Observer",
    "RateLimit",
    "RateLimitStore",
    "RetryBudget",
    "RetryPolicy",
    "StreamedCall",
    "StreamedResponse",
    "Transport",
    "exchange",
    "streamed",
)

if not TYPE_CHECKING:
    # few programs have an observer, or stream
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "_observer": ("ObservedAttempt", "ObservedCall", "ObservedRefresh", "Observer"),
            "_streamed_response": ("StreamedCall", "StreamedResponse", "streamed"),
        },
    )
