"""The report: all tables and two charts in the documentation, one line for each question in the README."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping, Sequence

from benchmarks.measure import ROOT, Bench
from benchmarks.plots import DARK, LIGHT, bars
from benchmarks.tables import Section, Table, summary

__all__ = ("charts", "document", "versions", "write")

_PAGE = ROOT / "docs" / "figures.md"
_PLOTS = ROOT / "docs" / "images"
_README = ROOT / "README.md"
_MARKED = re.compile(r"(<!-- figures: begin [^>]*-->\n).*?(<!-- figures: end -->)", re.DOTALL)
_CHARTS = {
    "concurrent": ("CPU", "Processor time of concurrent calls, aiohttp = 1"),
    "starting": ("TLS", "First response over TLS, globus-sdk = 1"),
}
"""By question: the column that is drawn, and the title."""


def versions(bench: Bench) -> str:
    """Return the versions that were measured, and the machine."""
    libraries = ", ".join(f"{name} {version}" for name, version in sorted(bench.versions.items()))
    pythons = " and ".join(bench.pythons)
    return f"{libraries}; Python {pythons}, {platform.system()}, {os.cpu_count()} processors."


def document(sections: Sequence[Section]) -> str:
    """Return all tables."""
    return "\n\n".join(section.markdown() for section in sections)


def charts(sections: Mapping[str, Section]) -> dict[str, str]:
    """Return the charts, by the names of their files."""
    drawn: dict[str, str] = {}
    for name, (column, title) in _CHARTS.items():
        table = sections.get(name)
        if isinstance(table, Table):
            values = {row: found[column].ratio for row, found in table.rows.items() if column in found}
            ordered = dict(sorted(values.items(), key=lambda item: item[1]))
            for theme, colours in (("light", LIGHT), ("dark", DARK)):
                drawn[f"bench-{name}-{theme}.svg"] = bars(title, ordered, colours)
    return drawn


def write(sections: Mapping[str, Section], used: str) -> None:
    """Write tables and charts into README and documentation."""
    drawn = charts(sections)
    for name, text in drawn.items():
        (_PLOTS / name).write_text(text, encoding="utf-8")
    tables = [section for section in sections.values() if isinstance(section, Table)]
    page = f"{summary(tables)}\n\n{used}\n\n{document(list(sections.values()))}\n"
    _PAGE.write_text(page, encoding="utf-8")
    pictures = "".join(_picture(name) for name in _CHARTS if f"bench-{name}-light.svg" in drawn)
    section = f"{summary(tables)}\n\n{used}\n\n{pictures}"
    text = _README.read_text(encoding="utf-8")
    _README.write_text(_MARKED.sub(lambda found: found[1] + section + found[2], text), encoding="utf-8")


def _picture(name: str) -> str:
    """Return a chart for a page that may be light or dark."""
    title = _CHARTS[name][1]
    return (
        "<picture>"
        f'<source media="(prefers-color-scheme: dark)" srcset="docs/images/bench-{name}-dark.svg">'
        f'<img alt="{title}" src="docs/images/bench-{name}-light.svg">'
        "</picture>\n"
    )
