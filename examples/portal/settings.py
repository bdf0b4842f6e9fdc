"""The settings of the portal, which its worker processes receive in their environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from globus_async import Secret
from globus_async.fastapi import GlobusBackend, GlobusLogin

from .app import make_app
from .stores import choose_store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI

__all__ = ("Settings", "create_app")


@dataclass(frozen=True)
class Settings:
    """
    The settings.

    Attributes:
        public_url: The URL of the portal in browsers.
        client_id: The registered client's UUID.
        client_secret: Its secret.
        services_url: The URL of an emulated Globus; empty for the real one.
        store: The URL of the session store, which all workers share; empty for the memory of the process.
        key: The key that encrypts what is stored, and the cookies of logins.
    """

    public_url: str
    client_id: str
    client_secret: Secret
    services_url: str
    store: Secret
    key: Secret

    def to_environment(self) -> dict[str, str]:
        """Return the variables for worker processes: unlike arguments, other users cannot read them."""
        return {
            "PORTAL_URL": self.public_url,
            "GLOBUS_CLIENT_ID": self.client_id,
            "GLOBUS_CLIENT_SECRET": self.client_secret.reveal(),
            "PORTAL_SERVICES_URL": self.services_url,
            "PORTAL_STORE": self.store.reveal(),
            "PORTAL_KEY": self.key.reveal(),
        }

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> Settings:
        """Read the settings from the variables of `to_environment`."""
        return cls(
            public_url=variables["PORTAL_URL"],
            client_id=variables["GLOBUS_CLIENT_ID"],
            client_secret=Secret(variables["GLOBUS_CLIENT_SECRET"]),
            services_url=variables.get("PORTAL_SERVICES_URL", ""),
            store=Secret(variables.get("PORTAL_STORE", "")),
            key=Secret(variables["PORTAL_KEY"]),
        )

    def make_app(self) -> FastAPI:
        """Return the application."""
        urls = {"auth": self.services_url, "transfer": self.services_url} if self.services_url else None
        globus = GlobusBackend(self.client_id, self.client_secret, service_urls=urls, app_name="Meridian")
        store, resource = choose_store(self.store, self.key)
        login = GlobusLogin(globus, public_url=self.public_url, after_login="/collections", store=store, key=self.key)
        return make_app(globus, login, store=resource)


def create_app() -> FastAPI:
    """Return the application of a worker process: ``uvicorn --factory examples.portal.settings:create_app``."""
    return Settings.from_environment(os.environ).make_app()
