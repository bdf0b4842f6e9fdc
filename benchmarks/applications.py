"""What users build with the package: requests of FastAPI, and transfers of the emulator in tests."""

from __future__ import annotations

from benchmarks.measure import Bench
from benchmarks.tables import Fact, Facts

__all__ = ("emulator_files", "fastapi_requests")


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


def emulator_files(bench: Bench) -> Facts:
    """Wall time, processor time and longest standstill of transfers in the emulator."""
    from benchmarks import emulator_files  # noqa: PLC0415 -- needs the emulator, which the other questions do not

    found = emulator_files.measure(rounds=bench.few(3, 1))
    return Facts(
        title="Transfers of the emulator",
        how="A transfer with checksums in a test, beside a plain copy in one thread that computes both checksums.",
        facts=[
            fact
            for name, wall, cpu, gap in found
            for fact in (
                Fact(f"{name}: wall time", wall, "of a plain copy"),
                Fact(f"{name}: processor time", cpu, "of a plain copy"),
                Fact(f"{name}: longest standstill of the event loop", gap * 1000, "ms"),
            )
        ],
    )
