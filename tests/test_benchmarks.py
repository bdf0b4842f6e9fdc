"""The benchmarks run: a few calls of every client, and a report of made-up figures; nothing is timed."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import clients, plots, report
from benchmarks.measure import Bench, Process, Work, bench, is_installed
from benchmarks.report import charts
from benchmarks.tables import Cell, Fact, Facts, Note, Section, Table, by_row, cells, summary

CLIENTS = sorted({path.stem for path in Path(clients.__file__).parent.glob("*.py")} - {"__init__", "bare"})
CALLS = {"warm_up": 2, "count": 3}
WORKS = {
    "one": Work("", "calls", CALLS),
    "one, TLS": Work("", "calls", CALLS, tls=True),
    "three": Work("", "calls", {**CALLS, "in_flight": 3}, latency=0.005, connections=3),
    "listings": Work("", "listings", {"count": 2, "size": 100_000}),
    "gap": Work("", "gap", {"count": 2, "size": 100_000}),
    "paging": Work("", "paging", {"pages": 2}),
}


@pytest.fixture(scope="module")
def running() -> Iterator[Bench]:
    with bench(is_quick=True) as running:
        yield running


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_runs_every_work(running: Bench, client: str) -> None:
    if not is_installed(client):
        pytest.skip(f"{client} is only in the group of the benchmarks")
    found: dict[str, list[str]] = {}
    with Process(*Work(client, "calls", {}).command()) as process:
        assert process.said
        for name, work in WORKS.items():
            running.begin(process, replace(work, client=client))
            found[name] = list(process.result())
    assert found == {name: ["gap"] if name == "gap" else ["wall", "cpu"] for name in WORKS}


def test_a_client_runs_on_uvloop_and_without_orjson(running: Bench) -> None:
    pytest.importorskip("uvloop")
    works = {
        flag: Work("ours", "calls", {"warm_up": 2, "count": 2}, flags=(flag,))
        for flag in ("--uvloop", "--without-orjson")
    }
    assert all(results[0]["wall"] > 0 for results in running.in_turn(works, processes=1, rounds=1).values())


def test_growth(running: Bench) -> None:
    works = {
        "queued": Work("growth", "queued", {"tasks": 30}, connections=20),
        "waiting": Work("growth", "waiting", {"tasks": 0, "seconds": 1}, connections=20),
        "memory": Work("growth", "memory", {"calls": 30}, connections=20),
    }
    found = running.in_turn(works, processes=1, rounds=1)
    assert found["queued"][0]["errors"] == 0
    assert found["waiting"][0]["requests"] == 0
    assert "bytes" in found["memory"][0]


TABLE = Table(
    title="Calls",
    how="Seconds.",
    reference="aiohttp",
    units={"CPU": "s", "wall": "s"},
    rows={
        "ours": {"CPU": Cell(3.0, 1.5), "wall": Cell(1.0, 0.99)},
        "ours, through `bulk`": {"CPU": Cell(1.0, 0.5)},
        "aiohttp": {"CPU": Cell(2.0, 1.0), "wall": Cell(1.01, 1.0)},
        "wreq": {"CPU": Cell(1.0, 0.5)},
        "streams": {"CPU": Cell(0.5, 0.25)},
    },
    aims={"CPU": 1.0, "wall": 1.0},
    floor="streams",
)


def test_a_table_says_where_ours_loses() -> None:
    """To the fastest first; not to the floor, not to another row of ours, and not where a client has no figure."""
    text = TABLE.markdown()
    assert "| **ours** | **1.50 (3 s)** | **0.99 (1 s)** |" in text
    assert "| streams (floor) | 0.25 (0.5 s) | - |" in text
    assert "- CPU: **we lose** to wreq: 0.33, aiohttp: 0.67 of ours." in text
    assert "Aim, at most 1 of aiohttp: **missed**." in text
    assert "- wall: no client here takes less than ours. Aim, at most 1 of aiohttp: reached." in text


def test_the_summary_has_a_line_for_each_column() -> None:
    """Both values and their ratio, the aim, and every faster client."""
    cpu, wall = summary([TABLE]).splitlines()[2:]
    assert cpu == "| Calls: CPU | aiohttp | **1.50** | 1, **missed** | 3 s | 2 s | wreq 0.33, aiohttp 0.67 |"
    assert wall == "| Calls: wall | aiohttp | **0.99** | 1, reached | 1 s | 1.01 s | none |"


def test_the_summary_of_the_readme_has_the_figures_with_an_aim() -> None:
    table = replace(TABLE, aims={"wall": 1.0})
    assert [line.split(" |")[0] for line in summary([table], only_with_aim=True).splitlines()[2:]] == ["| Calls: wall"]
    assert "| Calls: CPU | aiohttp | **1.50** | - |" in summary([table])


def test_ours_alone_has_no_verdict() -> None:
    """A table of our own options has no verdict, and no line in the summary."""
    table = replace(TABLE, reference="ours", aims={})
    assert "we lose" not in table.markdown()
    assert len(summary([table]).splitlines()) == 2


def test_ratios_are_medians_of_rounds() -> None:
    """A round in which the whole machine was slow does not change the ratio."""
    found = {
        "ours": [{"cpu": 2.0}, {"cpu": 40.0}, {"cpu": 3.0}],
        "aiohttp": [{"cpu": 1.0}, {"cpu": 20.0}, {"cpu": 1.0}],
    }
    assert cells(found, "aiohttp", "cpu", 10) == {"ours": Cell(30.0, 2.0), "aiohttp": Cell(10.0, 1.0)}
    assert by_row({"CPU": {"ours": Cell(3, 2)}, "wall": {}}) == {"ours": {"CPU": Cell(3, 2)}}


def test_the_report_shows_its_charts() -> None:
    """Each chart in both themes; a question that was not measured is in the tables alone."""
    sections: dict[str, Section] = {
        "concurrent": TABLE,
        "instructions": Note("Instructions per call", "Not measured: no valgrind."),
    }
    files = charts(sections)
    assert list(files) == ["bench-concurrent-light.svg", "bench-concurrent-dark.svg"]
    page, section = report.page(sections, "Python 3.11."), report.readme_section(sections, "Python 3.11.")
    assert all(file in page and file in section for file in files)
    assert "### Instructions per call\n\nNot measured: no valgrind." in page
    assert "| Calls: CPU | aiohttp | **1.50** |" in section


def test_facts_say_what_was_missed() -> None:
    text = Facts("Many calls", "Ours.", [Fact("memory", 9.0, "MB", 8), Fact("errors", 0, "", 0)]).markdown()
    assert "| memory | 9 MB | 8 | **missed** |" in text
    assert "| errors | 0 | 0 | reached |" in text


@pytest.mark.parametrize("theme", plots.THEMES.values())
def test_a_chart_has_a_bar_for_each_value(theme: plots.Theme) -> None:
    values = {"ours": 1.5, "aiohttp": 1.0, "a < b": 3.0, "cut": 99.0}
    chart = ET.fromstring(plots.bars("Time & more", values, theme))
    bars = list(chart.iter("{http://www.w3.org/2000/svg}rect"))
    assert [bar.get("fill") for bar in bars] == [theme.ours, theme.other, theme.other, theme.other]
    widths = [float(bar.get("width", 0)) for bar in bars]
    assert widths[2] == pytest.approx(2 * widths[0], abs=0.3)
    assert widths[3] == pytest.approx(8 * widths[0], abs=0.5)
    assert len(list(chart.iter("{http://www.w3.org/2000/svg}path"))) == 1
    assert all(float(bar.get("x", 0)) + width < plots.WIDTH for bar, width in zip(bars, widths, strict=True))
