"""Which errors may pass by themselves."""

from __future__ import annotations

from .api import GlobusAPIError
from .base import GlobusError, GlobusSDKUsageError
from .login import ApplicationRefused, LoginRequired, TokenRefreshError
from .network import NetworkError
from .storage import TransientStorageError

__all__ = ("is_transient",)


def is_transient(error: BaseException | None) -> bool:
    """
    Return whether the same call may succeed later: no usable response, throttled, a failure of the service or a store.

    A failed token refresh is judged by its cause; one without a cause had no usable response.
    """
    match error:
        case LoginRequired() | ApplicationRefused() | GlobusSDKUsageError():
            return False
        case TokenRefreshError():
            return not isinstance(error.__cause__, GlobusError) or is_transient(error.__cause__)
        case GlobusAPIError():
            return error.http_status == 429 or error.http_status >= 500
        case _:
            return isinstance(error, NetworkError | TransientStorageError)
