"""Errors of interactive logins."""

from __future__ import annotations

from ..errors import GlobusError

__all__ = ("CommandLineLoginFlowEOFError", "LocalServerEnvironmentalLoginError", "LocalServerLoginError")


class CommandLineLoginFlowEOFError(GlobusError, EOFError):
    """The input ended before an authorization code was entered, or there is no terminal to ask for one."""


class LocalServerLoginError(GlobusError):
    """A login through a local server failed: it was refused or cancelled in the browser, or took too long."""


class LocalServerEnvironmentalLoginError(LocalServerLoginError):
    """A login through a local server is impossible here: the session is remote, or no suitable browser opens."""
