"""Tests without Globus: the public face of the emulator (extra ``emulator``) and of its pytest plugin."""

from ..emulator import __all__ as __all__
from ..emulator import __getattr__ as __getattr__
