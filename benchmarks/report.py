"""The report: all tables and two charts in the documentation, one line for each figure with an aim in the README."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping, Sequence

from benchmarks.measure import ROOT, Bench
from benchmarks.plots import THEMES, bars
from benchmarks.tables import Section, Table, summary

__all__ = ("charts", "document", "page", "readme_section", "versions", "write")

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
            drawn |= {f"bench-{name}-{theme}.svg": bars(title, ordered, THEMES[theme]) for theme in THEMES}
    return drawn


def page(sections: Mapping[str, Section], used: str) -> str:
    """Return the page of the documentation: charts, the summary, and all tables."""
    images = "".join(_image(name, theme) for name in _drawn(sections) for theme in THEMES)
    return f"{images}\n{_summary(sections)}\n\n{used}\n\n## All figures\n\n{document(list(sections.values()))}\n"


def readme_section(sections: Mapping[str, Section], used: str) -> str:
    """Return the part of the README: the lines of the summary that have an aim, and the charts."""
    return f"{_summary(sections, only_with_aim=True)}\n\n{used}\n\n{''.join(map(_picture, _drawn(sections)))}"


def write(sections: Mapping[str, Section], used: str) -> None:
    """Write tables and charts into README and documentation."""
    for name, text in charts(sections).items():
        (_PLOTS / name).write_text(text, encoding="utf-8")
    _PAGE.write_text(page(sections, used), encoding="utf-8")
    section, readme = readme_section(sections, used), _README.read_text(encoding="utf-8")
    _README.write_text(_MARKED.sub(lambda found: found[1] + section + found[2], readme), encoding="utf-8")


def _summary(sections: Mapping[str, Section], *, only_with_aim: bool = False) -> str:
    tables = [section for section in sections.values() if isinstance(section, Table)]
    return summary(tables, only_with_aim=only_with_aim)


def _drawn(sections: Mapping[str, Section]) -> list[str]:
    return [name for name in _CHARTS if isinstance(sections.get(name), Table)]


def _image(name: str, theme: str) -> str:
    """Return a chart for the documentation, which shows it in one of its themes only."""
    return f"```{{image}} images/bench-{name}-{theme}.svg\n:class: only-{theme}\n:alt: {_CHARTS[name][1]}\n```\n"


def _picture(name: str) -> str:
    """Return a chart for the README, whose page may be light or dark."""
    title = _CHARTS[name][1]
    return (
        "<picture>"
        f'<source media="(prefers-color-scheme: dark)" srcset="docs/images/bench-{name}-dark.svg">'
        f'<img alt="{title}" src="docs/images/bench-{name}-light.svg">'
        "</picture>\n"
    )
