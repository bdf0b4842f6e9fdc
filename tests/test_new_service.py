"""A new service is covered by every test of all clients, and each of them fails if something is missing or wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.sample_service import CHANGED, FAULTS, NEW
from tests.source import ROOT

pytestmark = pytest.mark.slow

CLIENT = "src/globus_async/services/labels/client.py"
METHODS = ("create_label", "delete_label", "get_label", "list_labels")
NETS = (
    "tests/adversity/test_cancel_every_method.py",
    "tests/adversity/test_canary_scan.py",
    "tests/adversity/test_hostile_ids.py",
    "tests/adversity/test_secrets.py",
    "tests/adversity/test_sent_once.py",
    "tests/adversity/test_wrong_responses.py",
    "tests/parity/test_inventory.py",
    "tests/parity/test_method_table.py",
    "tests/parity/test_wire.py",
    "tests/services/test_docstrings.py",
    "tests/services/test_emulated.py",
    "tests/test_clients.py",
    "tests/test_exports.py",
    "tests/test_import_rules.py",
    "tests/test_reference.py",
)
"""The tests of all clients."""

WHOLE = (
    "test_all_is_exact",
    "test_every_part_has_a_layer",
    "test_imports_point_downwards",
    "test_modules_are_short",
    "test_paths_are_constants_or_filled_by_path",
    "test_the_stub_of_the_root_is_up_to_date",
)
"""Tests of these files that do not name the service in their ids."""

GENERATORS = ("tests.parity.method_table", "tests.root_stub")
"""Write files from the code."""


@dataclass
class Report:
    """The tests that ran, and the messages of those that failed."""

    passed: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)

    def message(self, test: str) -> str:
        """Return the message of a failed test, by the end of its id."""
        found = [message for name, message in self.failed.items() if name.endswith(test)]
        assert found, f"{test} did not fail, of {sorted(self.failed)}"
        return found[0]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy the project, and add the service to it."""
    unneeded = shutil.ignore_patterns("_build", "images")
    for name in ("src", "tests", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=unneeded)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path / name)
    for path, content in NEW.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(content)
    for path, (before, line) in CHANGED.items():
        replace(tmp_path / path, before, before + line)
    for generator in GENERATORS:
        done = python(tmp_path, "-m", generator)
        assert done.returncode == 0, done.stderr
    return tmp_path


def replace(path: Path, old: str, new: str) -> None:
    """Replace a text that a file contains once."""
    text = path.read_text()
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new))


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a copy of the project."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environ |= {"PYTHONPATH": f"{folder / 'src'}{os.pathsep}{folder}", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environ, capture_output=True, text=True, check=False
    )


def run_nets(folder: Path) -> Report:
    """Run the tests of all clients, for the new service only."""
    options = (
        "-q",
        "-p",
        "no:cacheprovider",
        "-k",
        " or ".join(("abels", *WHOLE)),
        "--junitxml=report.xml",
        "-o",
        "junit_family=xunit1",
    )
    done = python(folder, "-m", "pytest", *options, *NETS)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    report = Report()
    for case in ET.parse(folder / "report.xml").iter("testcase"):
        name = f"{case.attrib['classname'].replace('.', '/')}.py::{case.attrib['name']}"
        problems = [problem for kind in ("failure", "error") for problem in case.findall(kind)]
        if problems:
            report.failed[name] = "\n".join(problem.attrib.get("message", "") for problem in problems)
        else:
            report.passed.add(name)
    return report


def test_every_net_covers_it(copy: Path) -> None:
    """All tests of all clients collect the new client and its methods, and pass."""
    report = run_nets(copy)
    assert report.failed == {}
    for net in NETS:
        assert any(name.startswith(net) for name in report.passed), f"{net} does not know the new service"
    for net in ("test_cancel_every_method", "test_wire", "test_docstrings"):
        covered = " ".join(name for name in report.passed if net in name).replace("LabelsClient-", "LabelsClient.")
        assert [method for method in METHODS if f"LabelsClient.{method}" not in covered] == []
    assert any("test_hostile_ids" in name and "get_label-label_id" in name for name in report.passed)


def test_missing_parts_are_named(copy: Path) -> None:
    """Without an emulated service, an example, parity facts or a reference entry, a test names it and the file."""
    (copy / "tests/services/labels/parity.py").unlink()
    shutil.rmtree(copy / "src/globus_async/emulator/labels")
    shutil.rmtree(copy / "docs/methods")
    example = """        Example:
            >>> (await lc.create_label({"text": "final"}))["text"]
            'final'

"""
    replace(copy / CLIENT, example, "")
    replace(copy / "docs/reference/labels.md", "   :members:\n\n.. automodule", "\n.. automodule")
    replace(copy / "src/globus_async/__init__.py", CHANGED["src/globus_async/__init__.py"][1], "")
    replace(copy / "docs/index.md", "reference/labels\n", "")
    report = run_nets(copy)
    assert "tests/services/labels/parity.py" in report.message("test_a_service_declares_its_facts[labels]")
    assert "tests/services/labels/parity.py" in report.message("test_every_client_has_a_counterpart[LabelsClient]")
    assert "tests/services/labels/parity.py" in report.message(
        "test_wire.py::test_every_method_is_compared[LabelsClient]"
    )
    emulated = "src/globus_async/emulator/labels"
    assert f"{emulated}/service.py" in report.message("test_every_service_is_emulated[LabelsClient]")
    assert f"add it in {emulated}" in report.message("test_every_request_has_a_route[LabelsClient]")
    assert "LabelsClient.create_label has no example" in report.message("test_method[LabelsClient-create_label]")
    assert "LabelsClient.create_label has no example" in report.message("test_sections[LabelsClient-create_label]")
    missing = "docs/reference/labels.md has no automethod of create_label, delete_label, get_label, list_labels"
    assert missing in report.message("test_every_method_is_named[LabelsClient]")
    assert "docs/index.md" in report.message("test_the_page_is_in_the_index[labels]")
    assert "docs/methods/labels.md" in report.message("test_the_page_is_up_to_date[labels]")
    assert "src/globus_async/__init__.py" in report.message("test_a_client_is_a_public_name[LabelsClient]")


def test_mistakes_are_found(copy: Path) -> None:
    """Each mistake in the client makes the test fail that looks for it."""
    for old, new in FAULTS.values():
        replace(copy / CLIENT, old, new)
    report = run_nets(copy)
    for test in FAULTS:
        assert report.message(test)
