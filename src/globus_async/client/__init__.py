"""The base class of all service clients."""

from .app import App
from .base import BaseClient

__all__ = ("App", "BaseClient")
