"""The bounded, shared transport, and the loop that every call goes through."""

from typing import TYPE_CHECKING

from ..porting import missing_from
from ._exchange import exchange
from ._http_client import HTTPClient
from ._observer import ObservedAttempt, ObservedCall, ObservedRefresh, Observer
from ._rate_limit import RateLimit
from ._rate_limit_store import RateLimitStore
from ._retry import RetryBudget, RetryPolicy
from ._transport import Transport

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
    "Transport",
    "exchange",
)

if not TYPE_CHECKING:
    __getattr__ = missing_from(__name__)
