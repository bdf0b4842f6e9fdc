"""The way to the services: one bounded, shared transport, and the loop that every call goes through."""

from ._exchange import exchange
from ._limiter import RateLimit
from ._retry import RetryBudget, RetryPolicy
from ._transport import Transport

__all__ = ("RateLimit", "RetryBudget", "RetryPolicy", "Transport", "exchange")
