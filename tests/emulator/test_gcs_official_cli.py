"""The commands of the unmodified official command line that use Managers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from globus_async.testing import GlobusEmulator
from tests.emulator.test_transfer_official_cli import Commands, Shell, commands, pytestmark
from tests.emulator.tls_front import tls_front

__all__ = ("commands", "pytestmark")


class GcsShell(Shell):
    """The command line of Ada, who logs in without TLS, and reaches Managers with it."""

    manager_url: str

    def login(self, *options: str) -> None:
        """Log in, with the pages at the address of the emulator itself."""
        self.emulator.platform.url = self._environ["GLOBUS_SDK_SERVICE_URL_AUTH"].rstrip("/")
        super().login(*options)
        self.emulator.platform.url = self.manager_url


@pytest.fixture
def shell(commands: Commands, tmp_path: Path) -> Iterator[GcsShell]:
    emulator = GlobusEmulator()
    emulator.add_identity("ada@example.org", name="Ada")
    with emulator.serve_in_thread() as server, tls_front(server.url, tmp_path) as (url, certificates):
        environ = {**server.environ, "GLOBUS_SDK_VERIFY_SSL": str(certificates)}
        made = GcsShell(commands, emulator, dataclasses.replace(server, environ=environ), tmp_path)
        made.manager_url = url
        made.login()
        yield made


def test_endpoint(shell: GcsShell) -> None:
    """Show and change an endpoint, its subscription and its roles."""
    ada = shell.emulator.directory.find("ada@example.org")
    assert ada is not None
    endpoint = shell.emulator.gcs.add_endpoint("Laboratory", owner=ada)
    assert "globus login --gcs" in shell("gcs", "endpoint", "show", endpoint.id, exit_code=4)
    shell.login("--gcs", endpoint.id)
    assert "Laboratory" in shell("gcs", "endpoint", "show", endpoint.id)
    shell("gcs", "endpoint", "update", endpoint.id, "--organization", "Optics", "--keywords", "light,lens")
    assert endpoint.fields["keywords"] == ["light", "lens"]
    subscription = shell.emulator.add_subscription(admins=[ada])
    shell("gcs", "endpoint", "set-subscription-id", endpoint.id, "DEFAULT")
    assert endpoint.fields["subscription_id"] == subscription
    shell("gcs", "endpoint", "set-subscription-id", endpoint.id, "null")
    assert endpoint.fields["subscription_id"] is None
    shell("gcs", "endpoint", "role", "create", endpoint.id, "administrator", "bob@example.org")
    roles = shell.json("gcs", "endpoint", "role", "list", endpoint.id, "--all-roles")["DATA"]
    role_id = next(each["id"] for each in roles if each["role"] == "administrator")
    assert "bob@example.org" in shell("gcs", "endpoint", "role", "show", endpoint.id, role_id)
    assert "Deleted role" in shell("gcs", "endpoint", "role", "delete", endpoint.id, role_id)
    assert "owner" in shell("gcs", "endpoint", "role", "list", endpoint.id)


def test_collections(shell: GcsShell) -> None:
    """Make, list, show, change and delete collections, and list what Transfer has of them."""
    state, ada = shell.emulator.gcs, shell.emulator.directory.find("ada@example.org")
    assert ada is not None
    endpoint = state.add_endpoint("Laboratory", owner=ada)
    gateway = state.add_storage_gateway(endpoint, files={"data/lens.csv": "1"})
    shell.login("--gcs", endpoint.id)
    made = shell.json(
        *("collection", "create", "mapped", endpoint.id, "Storage", "--base-path", "/", "--allow-guest-collections"),
        *("--posix-sharing-group-allow", "staff", "--enable-https", "--sharing-user-deny", "bob"),
    )
    mapped_id = made["id"]
    state.add_credential(gateway, ada)
    create = ("collection", "create", "guest", mapped_id, "/data", "Shared")
    assert f"--gcs {endpoint.id}:{mapped_id}" in shell(*create, exit_code=4)
    shell.login("--gcs", f"{endpoint.id}:{mapped_id}")
    guest_id = shell.json(*create, "--user-message", "Welcome")["id"]
    assert "lens.csv" in shell("ls", guest_id)
    listed = shell.json("collection", "list", endpoint.id, "--filter", "guest-collections")["DATA"]
    assert [each["display_name"] for each in listed] == ["Shared"]
    assert "Denied Users" in shell("collection", "show", mapped_id, "--include-private-policies")
    shell("collection", "update", guest_id, "--description", "Lenses", "--private")
    assert shell.json("collection", "show", guest_id)["description"] == "Lenses"
    assert not shell.emulator.transfer.collections[guest_id].fields["public"]
    role = state.collections.roles(guest_id)[0]
    assert role.id in shell("collection", "role", "list", guest_id)
    assert "administrator" in shell("collection", "role", "show", guest_id, role.id)
    assert "owner cannot be deleted" in shell("collection", "role", "delete", guest_id, role.id, exit_code=1)
    assert "success" in shell("collection", "delete", guest_id)
    assert "protected" in shell("collection", "delete", mapped_id, exit_code=1)
    assert guest_id not in shell.emulator.transfer.collections
