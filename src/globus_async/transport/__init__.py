"""The bounded, shared transport, and the loop that every call goes through."""

from ._exchange import exchange
from ._rate_limit import RateLimit
from ._retry import RetryBudget, RetryPolicy
from ._transport import Transport

__all__ = ("RateLimit", "RetryBudget", "RetryPolicy", "Transport", "exchange")
