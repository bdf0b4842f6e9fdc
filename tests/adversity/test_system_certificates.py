"""The authorities that are trusted: the system's, or those of certifi where the system has none."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from cryptography import x509

from tests.toolkit.raw_server import RawServer, Send, ok, server_tls

PROGRAM = """
import asyncio, json, sys
from globus_async import BaseClient, GlobusConnectionError, RetryPolicy, Transport

async def main():
    async with Transport() as transport:
        for name, url in json.loads(sys.argv[1]).items():
            client = BaseClient(base_url=url, transport=transport, retry=RetryPolicy(max_retries=0))
            try:
                await client.get("/")
            except GlobusConnectionError as error:
                assert "not trusted" in str(error)
            else:
                trusted.append(name)

trusted = []
asyncio.run(main())
print(json.dumps([trusted, "certifi" in sys.modules]))
"""


@dataclass
class Machine:
    """
    A machine with certificates in files of a directory, and servers with certificates of each authority.

    Attributes:
        path: The directory.
        urls: The servers' URLs, by the name of their authority.
    """

    path: Path
    urls: dict[str, str]

    async def trusts(self, urls: dict[str, str] | None = None, **variables: str) -> tuple[list[str], bool]:
        """Return the authorities that a new process trusts with these variables, and whether it imported certifi."""
        lines = {name: value.format(path=self.path) for name, value in variables.items()}
        path = os.pathsep.join(filter(None, (str(self.path / "packages"), os.environ.get("PYTHONPATH"))))
        program = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            PROGRAM,
            json.dumps(self.urls if urls is None else urls),
            stdout=asyncio.subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": path} | lines,
        )
        printed = (await program.communicate())[0]
        assert program.returncode == 0
        trusted, imported = json.loads(printed)
        return trusted, imported


@pytest.fixture(scope="module")
def authorities() -> dict[str, trustme.CA]:
    return {name: trustme.CA() for name in ("system", "certifi", "other")}


@pytest.fixture
async def machine(authorities: dict[str, trustme.CA], tmp_path: Path) -> AsyncGenerator[Machine]:
    for name, authority in authorities.items():
        authority.cert_pem.write_to_path(str(tmp_path / f"{name}.pem"))
    for name in ("packages", "empty", "unnamed", "broken", "hashed"):
        (tmp_path / name).mkdir()
    (tmp_path / "packages" / "certifi.py").write_text(f"def where(): return {str(tmp_path / 'certifi.pem')!r}")
    certificate = authorities["system"].cert_pem.bytes()
    (tmp_path / "unnamed" / "system.pem").write_bytes(certificate)
    (tmp_path / "broken" / hashed_name(certificate)).symlink_to(tmp_path / "missing.pem")
    (tmp_path / "hashed" / hashed_name(certificate)).write_bytes(certificate)
    async with AsyncExitStack() as stack:
        servers = {
            name: await stack.enter_async_context(RawServer(lambda _: [Send(ok())], tls=server_tls(authority)))
            for name, authority in authorities.items()
        }
        yield Machine(tmp_path, {name: server.url for name, server in servers.items()})


def hashed_name(certificate: bytes) -> str:
    """Return the name by which OpenSSL finds a certificate: a hash of its subject in lower case."""
    subject = x509.load_pem_x509_certificate(certificate).subject
    lowered = x509.Name([x509.NameAttribute(part.oid, str(part.value).lower()) for part in subject]).public_bytes()
    assert lowered[1] < 0x80  # the length of what follows, in one byte
    return f"{int.from_bytes(hashlib.sha1(lowered[2:]).digest()[:4], 'little'):08x}.0"


@pytest.mark.parametrize(
    ("file", "directory"),
    [
        ("{path}/system.pem", "{path}/empty"),
        ("{path}/missing.pem", "{path}/hashed"),
        ("{path}/missing.pem", "{path}/missing" + os.pathsep + "{path}/hashed"),
    ],
    ids=["a file", "a directory", "one of several directories"],
)
async def test_certificates_of_the_system(machine: Machine, file: str, directory: str) -> None:
    """They are the only ones, and certifi is not imported: that would double the cost of a context."""
    assert await machine.trusts(SSL_CERT_FILE=file, SSL_CERT_DIR=directory) == (["system"], False)


@pytest.mark.parametrize("directory", ["", "{path}/missing", "{path}/empty", "{path}/unnamed", "{path}/broken"])
async def test_a_system_without_certificates(machine: Machine, directory: str) -> None:
    """Those of certifi are used if no file and no directory has one that OpenSSL finds."""
    trusted = await machine.trusts(SSL_CERT_FILE="{path}/missing.pem", SSL_CERT_DIR=directory)
    assert trusted == (["certifi"], True)


@pytest.mark.parametrize(
    ("file", "expected"),
    [("{path}/system.pem", (["system", "other"], False)), ("{path}/missing.pem", (["certifi", "other"], True))],
    ids=["system", "certifi"],
)
async def test_a_bundle_is_trusted_in_addition(machine: Machine, file: str, expected: tuple[list[str], bool]) -> None:
    """``GLOBUS_SDK_VERIFY_SSL`` adds to the authorities, wherever these are from."""
    bundle = "{path}/other.pem"
    trusted = await machine.trusts(SSL_CERT_FILE=file, SSL_CERT_DIR="{path}/empty", GLOBUS_SDK_VERIFY_SSL=bundle)
    assert trusted == expected


async def test_http_needs_no_certificates(machine: Machine) -> None:
    """None are read for ``http``, not even where the system has none."""
    async with RawServer(lambda _: [Send(ok())]) as server:
        trusted = await machine.trusts({"plain": server.url}, SSL_CERT_FILE="", SSL_CERT_DIR="")
    assert trusted == (["plain"], False)
