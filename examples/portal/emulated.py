"""An emulated Globus for the portal: users, collections and files, in this process."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from globus_async.emulator.transfer.storage.protocol import Problem, StorageError
from globus_async.testing import GlobusEmulator, MemoryStorage, Pace

if TYPE_CHECKING:
    from globus_async.emulator.transfer.storage.memory import Content

__all__ = ("EmulatedGlobus", "emulated")

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class EmulatedGlobus:
    """The address of the emulated Globus, and the portal's client there."""

    emulator: GlobusEmulator
    url: str
    client_id: str
    client_secret: str


@asynccontextmanager
async def emulated(public_url: str, *, megabytes_per_second: float = 0.5) -> AsyncGenerator[EmulatedGlobus]:
    """Serve an emulated Globus with users and files as long as the block lasts."""
    pace = Pace(start_delay=0.5, bytes_per_second=megabytes_per_second * MEGABYTE)
    async with GlobusEmulator(pace=pace, auth={"auto_consent": False}) as emulator:
        ada = emulator.add_identity("ada@meridian.example", name="Ada Lindgren", organization="Meridian Institute")
        emulator.add_identity("noor@coast.example", name="Noor Haddad", organization="Coastal Survey")
        for name, description, files in COLLECTIONS:
            emulator.add_collection(
                name,
                storage=MemoryStorage(files),
                owner=ada,
                description=description,
                organization="Meridian Institute",
            )
        emulator.add_collection(
            "Genome vault",
            storage=MemoryStorage({"cohort-3/variants.vcf": content(MEGABYTE, seed=9)}),
            owner=ada,
            description="Sequenced cohorts. Requires a consent of its own.",
            organization="Meridian Institute",
            needs_data_access=True,
        )
        emulator.add_collection(
            "Field laptop",
            owner=ada,
            description="A computer with Globus Connect Personal. It is offline.",
            organization="Coastal Survey",
        )
        emulator.add_collection(
            "Course share",
            storage=FullStorage(),
            owner=ada,
            description="Ten gigabytes for all students, and never any space left.",
            organization="Meridian Institute",
        )
        secret = "emulated-secret"  # noqa: S105 -- of an emulated client
        client = emulator.add_client("Meridian portal", secret=secret, redirect_uris=[f"{public_url}/callback"])
        async with emulator.serve() as server:
            yield EmulatedGlobus(emulator, server.url, client.id, secret)


class FullStorage(MemoryStorage):
    """A storage without space."""

    def create(self, path: tuple[str, ...]) -> NoReturn:
        """Refuse a file."""
        raise StorageError(Problem.QUOTA, f"/{'/'.join(path)}: no space left")


def content(size: int, *, seed: int) -> bytes:
    """Return bytes that are the same in every run."""
    return random.Random(seed).randbytes(size)  # noqa: S311 -- not for cryptography


COLLECTIONS: tuple[tuple[str, str, Mapping[str, Content]], ...] = (
    (
        "Beamline 7",
        "Raw frames and reductions of the small-angle scattering instrument.",
        {
            "2027-03 perovskite": {
                **{f"frame-{number:03}.h5": content(MEGABYTE // 2, seed=number) for number in range(48)},
                "calibration.json": '{"wavelength": 0.9762, "distance": 2.134}\n',
            },
            "2027-02 silica gel": {f"scan-{number}.h5": content(3 * MEGABYTE, seed=number) for number in range(4)},
            "2027-03-14T182007_perovskite_sample-0042_radial-average_background-subtracted_normalized.h5": content(
                MEGABYTE, seed=5
            ),
            "logbook.md": "# Logbook\n\nBeam back at 14:20.\n" * 40,
            "README.txt": "One folder for each beamtime.\n",
        },
    ),
    (
        "Campus cluster",
        "Scratch space of the computing centre. Files go after ninety days.",
        {
            "climate": {f"run-{number:02}.nc": content(MEGABYTE, seed=number) for number in range(30)},
            "models": {"weights.bin": content(6 * MEGABYTE, seed=1), "config.toml": "layers = 12\nseed = 7\n"},
            "notes.txt": "Nothing here is backed up.\n",
        },
    ),
    (
        "Long-term archive",
        "Tape with a disk in front of it. Kept for ten years.",
        {"2025": None, "2026": None, "2027": None},
    ),
)
