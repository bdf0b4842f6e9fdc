"""A call for programs that a test runs in a process of their own."""

from __future__ import annotations

from globus_async import AccessTokenAuthorizer, TransferClient
from globus_async.otel import OpenTelemetryObserver
from tests.toolkit.scripted import Scripted, respond

__all__ = ("serve",)


async def serve(observer: OpenTelemetryObserver) -> None:
    """Make a call to a scripted service."""
    async with Scripted(respond(200)).transport(observer=observer) as transport:
        tc = TransferClient(authorizer=AccessTokenAuthorizer("AgX"), transport=transport)
        await tc.get_task("5e1f2a4c-0000-4000-8000-000000000001")
