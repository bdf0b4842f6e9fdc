"""What users build with the package: requests of FastAPI, and transfers of the emulator in tests."""

from __future__ import annotations

from benchmarks.measure import Bench
from benchmarks.tables import Fact, Facts

__all__ = ("fastapi_requests",)


def fastapi_requests(bench: Bench) -> Facts:
    """Processor time of requests, and how much more that is than without the package."""
    from benchmarks import fastapi_requests  # noqa: PLC0415 -- needs FastAPI, which the other questions do not

    found = fastapi_requests.measure(requests=bench.few(400), rounds=bench.few(31, 1))
    return Facts(
        title="FastAPI",
        how=(
            "Processor time of a request in process, and how much of it is added: by our principal to a hand-written "
            "cache of token checks, by everything else to the same route without it."
        ),
        facts=[Fact(name, value, f"us, {more:+.0f} us" if more else "us") for name, value, more in found],
    )
