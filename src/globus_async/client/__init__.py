"""The base class of all service clients."""

from .app import App, AppConfig
from .base import BaseClient

__all__ = ("App", "AppConfig", "BaseClient")
