"""Credentials of scripts and containers, from the first of several places that has some."""

from typing import TYPE_CHECKING

from .._lazy_names import lazy_names

if TYPE_CHECKING:
    from .chain import CredentialChain, CredentialReport
    from .environment import EnvironmentCredentials
    from .globus_cli import GlobusCLICredentials
    from .source import CredentialSource, HasAuthorizers, NoCredentials
    from .storage import StorageCredentials

__all__ = (
    "CredentialChain",
    "CredentialReport",
    "CredentialSource",
    "EnvironmentCredentials",
    "GlobusCLICredentials",
    "HasAuthorizers",
    "NoCredentials",
    "StorageCredentials",
)

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "chain": ("CredentialChain", "CredentialReport"),
            "environment": ("EnvironmentCredentials",),
            "globus_cli": ("GlobusCLICredentials",),
            "source": ("CredentialSource", "HasAuthorizers", "NoCredentials"),
            "storage": ("StorageCredentials",),
        },
    )
