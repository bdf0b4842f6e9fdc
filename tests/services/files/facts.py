"""Facts about files over HTTPS for the tests of all clients."""

from __future__ import annotations

from tests.toolkit.facts import ServiceFacts

__all__ = ("FACTS",)

FACTS = ServiceFacts(
    constructor={"collection_id": "5e1f2a4c-0000-4000-8000-000000000001", "collection_address": "files.example"},
    values={"path": "/project/greeting.txt"},
    no_request=frozenset({"stream_file"}),
)
