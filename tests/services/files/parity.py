"""The comparison of files over HTTPS with globus-sdk."""

from __future__ import annotations

from globus_sdk.experimental import gcs_collection_client

from tests.parity.facts import ParityFacts
from tests.services.files.differences import DIFFERENCES

__all__ = ("PARITY",)

PARITY = ParityFacts(
    differences=DIFFERENCES,
    sdk=gcs_collection_client,
)
