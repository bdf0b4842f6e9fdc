"""
The start of a process: the import, and the first response, by HTTP and by TLS.

Each run is a fresh process, in turn with those of the other clients. Its processor time is that of the whole process,
the interpreter's own start included, which is the row of Python alone. The certificates are those of certifi and the
server's authority, so that every client reads as many as on a usual machine.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import certifi

from benchmarks.clients import COLLECTION, TOKEN
from benchmarks.measure import ROOT, Bench, Result, bench, is_installed
from benchmarks.tables import OURS, Cell, Table, by_row, cells

__all__ = ("main", "measure")

_PYTHON = "Python alone"
_REFERENCE = "globus-sdk"
_ROUNDS = 21
_TOTALS = re.compile(r"^(?:totals|summary): (\d+)$", re.MULTILINE)
_PATH = f"v0.10/endpoint/{COLLECTION}"

_IMPORTS = {
    OURS: "import globus_async",
    "globus-sdk": "import globus_sdk",
    "httpx": "import httpx",
    "aiohttp": "import aiohttp",
    _PYTHON: "pass",
}
_CALLS = {
    OURS: f"""
import asyncio, sys
from globus_async import AccessTokenAuthorizer, TransferClient
async def main():
    async with TransferClient(base_url=sys.argv[1], authorizer=AccessTokenAuthorizer({TOKEN!r})) as tc:
        assert (await tc.get_endpoint({COLLECTION!r}))["display_name"]
asyncio.run(main())
""",
    "globus-sdk": f"""
import sys
from globus_sdk import AccessTokenAuthorizer, TransferClient
tc = TransferClient(base_url=sys.argv[1], authorizer=AccessTokenAuthorizer({TOKEN!r}))
assert tc.get_endpoint({COLLECTION!r})["display_name"]
""",
    "httpx": f"""
import asyncio, sys, httpx
async def main():
    async with httpx.AsyncClient(headers={{"Authorization": "Bearer {TOKEN}"}}) as client:
        assert (await client.get(sys.argv[1] + {_PATH!r})).json()["display_name"]
asyncio.run(main())
""",
    "aiohttp": f"""
import asyncio, sys, aiohttp
async def main():
    async with aiohttp.ClientSession(headers={{"Authorization": "Bearer {TOKEN}"}}) as session:
        async with session.get(sys.argv[1] + {_PATH!r}) as response:
            assert (await response.json())["display_name"]
asyncio.run(main())
""",
}
_TRUST = {"globus-sdk": "GLOBUS_SDK_VERIFY_SSL"}
"""The variable that names the file of trusted certificates, if it is not ``SSL_CERT_FILE``."""


def measure(bench: Bench) -> Table:
    """Measure imports and first responses; their instructions too, if callgrind is installed."""
    clients = [row for row in _IMPORTS if row == _PYTHON or is_installed(row.replace("-", "_"))]
    bundle = bench.authority.with_name("certificates.pem")
    bundle.write_bytes(Path(certifi.where()).read_bytes() + bench.authority.read_bytes())
    programs: dict[str, dict[str, Sequence[str]]] = {
        "import": {row: (_IMPORTS[row],) for row in clients},
        "HTTP": {row: (_CALLS[row], f"{bench.urls['http 0.0']}/") for row in clients if row in _CALLS},
        "TLS": {row: (_CALLS[row], f"{bench.urls['https 0.0']}/") for row in clients if row in _CALLS},
    }
    columns: dict[str, dict[str, Cell]] = {}
    units: dict[str, str] = {}
    rounds = bench.few(_ROUNDS)
    for name, rows in programs.items():
        found = _in_turn(rows, bundle, rounds)
        columns[name], units[name] = cells(found, _REFERENCE, "cpu", 1000), "ms"
        if name != "import":
            columns[f"{name}, wall"], units[f"{name}, wall"] = cells(found, _REFERENCE, "wall", 1000), "ms"
    valgrind = shutil.which("valgrind")
    if valgrind is not None and not bench.is_quick:
        for name, rows in programs.items():
            counts = {row: _instructions(valgrind, rows[row], _environment(row, bundle)) for row in rows}
            column = f"{name}, instructions"
            columns[column] = {row: Cell(count / 1e6, count / counts[_REFERENCE]) for row, count in counts.items()}
            units[column] = "M"
    return Table(
        title="Start of a process",
        how=(
            f"Fresh processes in turn, all modules compiled, medians of {rounds}: processor time (user and system) of"
            " the import alone, and up to the end of a program that makes one call; the wall time of the latter; and"
            " instructions in user space."
        ),
        reference=_REFERENCE,
        units=units,
        rows=by_row(columns),
        aims={name: aim for name, aim in (("import", 0.4), ("HTTP", 1.1), ("TLS", 1.1)) if name in columns},
        floor=_PYTHON,
    )


def _in_turn(rows: Mapping[str, Sequence[str]], bundle: Path, rounds: int) -> dict[str, list[Result]]:
    """Run the programs in turn, once before the rounds: that compiles the modules."""
    environments = {row: _environment(row, bundle) for row in rows}
    found: dict[str, list[Result]] = {row: [] for row in rows}
    for number in range(rounds + 1):
        for row, program in rows.items():
            result = _run((sys.executable, "-c", *program), environments[row])
            if number:
                found[row].append(result)
    return found


def _run(command: Sequence[str], environment: Mapping[str, str]) -> Result:
    """Run one process; return the processor time of all its threads, and the wall time, in seconds."""
    began = time.perf_counter()
    process = os.posix_spawn(command[0], [*command], environment)
    _, status, used = os.wait4(process, 0)
    wall = time.perf_counter() - began
    if status:
        raise SystemExit(f"a program of the benchmark failed: {command}")
    return {"cpu": used.ru_utime + used.ru_stime, "wall": wall}


def _environment(row: str, bundle: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONHASHSEED": "0",
        _TRUST.get(row, "SSL_CERT_FILE"): str(bundle),
    }


def _instructions(valgrind: str, program: Sequence[str], environment: Mapping[str, str]) -> int:
    """Count the instructions of one process."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "counts")
        command = (valgrind, "--tool=callgrind", "-q", f"--callgrind-out-file={file}", sys.executable, "-c", *program)
        subprocess.run(command, env=environment, check=True, cwd=ROOT)  # noqa: S603 -- our own lines
        found = _TOTALS.search(file.read_text(encoding="utf-8"))
    if found is None:
        raise ValueError("callgrind wrote no total")
    return int(found[1])


def main() -> None:
    """Print the table."""
    with bench() as running:
        print(measure(running).markdown())


if __name__ == "__main__":
    main()
