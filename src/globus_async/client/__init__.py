"""The base class of all service clients."""

from .base import BaseClient

__all__ = ("BaseClient",)
