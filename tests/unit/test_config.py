"""Where services live: arguments, environment variables, files, and what must not be among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from globus_async import BaseClient
from globus_async.config import get_environment, get_service_url, get_webapp_url, setting
from globus_async.errors import GlobusSDKUsageError
from tests.toolkit.canaries import canary, leaks_of

VARIABLE = "GLOBUS_SDK_SERVICE_URL_TRANSFER"


class Transfer(BaseClient):
    service_name = "transfer"


class Elsewhere(BaseClient):
    service_name = "transfer"
    default_base_url = "https://own.example/api"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the user a home of their own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("service", "environment", "url"),
    [
        ("transfer", None, "https://transfer.api.globus.org/"),
        ("auth", "production", "https://auth.globus.org/"),
        ("transfer", "preview", "https://transfer.api.preview.globus.org/"),
        ("auth", "sandbox", "https://auth.sandbox.globuscs.info/"),
        ("flows", "production", "https://flows.automate.globus.org/"),
        ("flows", "test", "https://test.flows.automate.globus.org/"),
    ],
)
def test_services(service: str, environment: str | None, url: str) -> None:
    """By name and environment."""
    assert get_service_url(service, environment) == url


def test_the_web_app() -> None:
    """For links in messages."""
    assert get_webapp_url() == "https://app.globus.org/"
    assert get_webapp_url("preview") == "https://app.preview.globus.org/"


def test_the_environment_by_variable_and_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    """The argument goes first; an empty variable is none."""
    monkeypatch.setenv("GLOBUS_SDK_ENVIRONMENT", "")
    assert get_environment() == "production"
    monkeypatch.setenv("GLOBUS_SDK_ENVIRONMENT", "preview")
    assert get_environment() == "preview"
    assert get_environment("sandbox") == "sandbox"
    assert Transfer().base_url == "https://transfer.api.preview.globus.org/"
    assert Transfer(environment="production").base_url == "https://transfer.api.globus.org/"


@pytest.mark.parametrize("name", ["beta", "Production", "evil.example/", "../x"])
def test_an_unknown_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says which there are; no part of it gets into an address."""
    with pytest.raises(GlobusSDKUsageError, match="preview, production"):
        Transfer(environment=name)
    monkeypatch.setenv("GLOBUS_SDK_ENVIRONMENT", name)
    with pytest.raises(GlobusSDKUsageError, match="preview, production"):
        Transfer()


def test_a_service_of_another_name() -> None:
    """It is below the domain of the environment, as in globus-sdk; a malformed name is refused."""
    assert get_service_url("reports") == "https://reports.api.globus.org/"
    assert get_service_url("reports", "preview") == "https://reports.api.preview.globus.org/"
    for name in ("no such service", "Auth", "evil.example/", "a@b", ""):
        with pytest.raises(GlobusSDKUsageError, match="name of a service"):
            get_service_url(name)


class TestServiceVariable:
    def test_it_takes_precedence_over_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """With and without a trailing slash; for its own service only."""
        for url in ("http://127.0.0.1:5000", "http://127.0.0.1:5000/"):
            monkeypatch.setenv(VARIABLE, url)
            assert Transfer().base_url == "http://127.0.0.1:5000/"
            assert Transfer(environment="preview").base_url == "http://127.0.0.1:5000/"
        assert get_service_url("auth") == "https://auth.globus.org/"

    def test_a_base_url_argument_takes_precedence(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The default of a class does not: a service outside of Globus can be emulated, too."""
        assert Elsewhere().base_url == "https://own.example/api/"
        monkeypatch.setenv(VARIABLE, "http://127.0.0.1:5000")
        assert Transfer(base_url="https://mine.example").base_url == "https://mine.example/"
        assert Elsewhere().base_url == "http://127.0.0.1:5000/"
        assert Elsewhere(base_url="https://mine.example").base_url == "https://mine.example/"

    def test_a_default_that_is_no_url_is_named(self) -> None:
        """The error names the class attribute, which the caller has to correct."""

        class Wrong(BaseClient):
            default_base_url = "own.example"

        with pytest.raises(GlobusSDKUsageError, match="default_base_url"):
            Wrong()

    @pytest.mark.parametrize(
        "url",
        [
            "http://evil.example/",
            "ftp://evil.example/",
            "evil.example",
            "https://u:p@evil.example/",
            "https://evil.example/?x",
            "file:///x",
        ],
    )
    def test_it_cannot_send_credentials_unencrypted(self, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """The error names the variable, and not what may be a password in it."""
        monkeypatch.setenv(VARIABLE, url)
        with pytest.raises(GlobusSDKUsageError, match=VARIABLE) as caught:
            Transfer()
        assert "u:p" not in str(caught.value)

    def test_a_password_in_it_is_not_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """In the message of the error, or of one below it."""
        secret = canary("password")
        monkeypatch.setenv(VARIABLE, f"https://u:{secret}@h.example/")
        with pytest.raises(GlobusSDKUsageError) as caught:
            get_service_url("transfer")
        assert leaks_of(caught.value) == []
        assert caught.value.__context__ is None


class TestFiles:
    def test_the_users_file(self, home: Path) -> None:
        """In the CLI's section; other sections and settings are left alone."""
        (home / ".globus.cfg").write_text("[cli]\nenvironment = preview\nother = %(x)s\n[environment test]\nx = y\n")
        assert get_environment() == "preview"
        assert setting("other", section="cli") == "%(x)s"
        assert setting("x", section="environment test") == "y"
        assert setting("missing", section="cli") is None
        assert setting("x", section="missing") is None

    def test_a_variable_takes_precedence_over_the_file(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """As documented."""
        (home / ".globus.cfg").write_text("[cli]\nenvironment = preview\n")
        monkeypatch.setenv("GLOBUS_SDK_ENVIRONMENT", "test")
        assert get_environment() == "test"

    @pytest.mark.parametrize(
        "content", [b"environment = preview\n", b"[cli\n", b"[cli]\nx\n", b"[cli]\na=1\na=2\n", b"\xff\xfe", b"\x00"]
    )
    def test_a_file_that_cannot_be_read(self, home: Path, content: bytes) -> None:
        """An error of ours that names the file and not what is in it."""
        (home / ".globus.cfg").write_bytes(content)
        with pytest.raises(GlobusSDKUsageError, match=r"\.globus\.cfg cannot be read") as caught:
            get_environment()
        assert "preview" not in str(caught.value)

    def test_a_directory_of_that_name(self, home: Path) -> None:
        """It is no file, as if there were none."""
        (home / ".globus.cfg").mkdir()
        assert get_environment() == "production"

    def test_no_file_is_read_with_a_base_url_argument(self, home: Path) -> None:
        """A broken file is not read unless it is needed."""
        (home / ".globus.cfg").write_bytes(b"[broken")
        assert Transfer(base_url="https://mine.example").base_url == "https://mine.example/"
        assert Transfer(environment="preview").base_url == "https://transfer.api.preview.globus.org/"
