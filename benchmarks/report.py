"""The table and the plots of the figures."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from benchmarks.measure import ROOT, Bench, Figure

if TYPE_CHECKING:
    from benchmarks.works import Measured

__all__ = ("table", "versions", "write")

_PAGE = ROOT / "docs" / "figures.md"
_PLOTS = ROOT / "docs" / "images"
_README = ROOT / "README.md"
_MARKED = re.compile(r"(<!-- figures: begin [^>]*-->\n).*?(<!-- figures: end -->)", re.DOTALL)
_TITLES = {
    "sequential": "One call after the other",
    "bulk": "2,000 calls, 50 ms server",
    "queued": "All at once on 20 connections",
    "paging": "20 pages of 1,000 tasks, 100 ms each",
    "waiting": "1,000 tasks waited for",
    "importing": "A fresh process",
}
_OURS, _OTHERS = "#1b6ca8", "#b0b7bf"


def table(figures: Sequence[Figure]) -> str:
    """Return the figures as a table of Markdown."""
    lines = ["| Work | Compared | Measured | Aim | Behind it |", "|---|---|---|---|---|"]
    before = ""
    for figure in figures:
        work, before = ("" if figure.work == before else figure.work), figure.work
        if figure.aim is None:
            aim = ""
        else:
            aim = f"at most {figure.aim:g}" if figure.reached else f"**missed**: at most {figure.aim:g}"
        lines.append(f"| {work} | {figure.what} | {figure.measured:.3g} | {aim} | {figure.note} |")
    return "\n".join(lines)


def versions(bench: Bench) -> str:
    """Return the versions that were measured, and the machine."""
    libraries = ", ".join(f"{name} {version}" for name, version in sorted(bench.versions.items()))
    return f"{libraries}; Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} processors."


def write(figures: Sequence[Figure], plots: Mapping[str, Measured], used: str) -> None:
    """Write the table into README and documentation, and a plot for each benchmark."""
    import matplotlib as mpl  # noqa: PLC0415 -- only to write

    mpl.use("Agg")
    whole = f"{table(figures)}\n\n{used}\n"
    _PAGE.write_text(whole, encoding="utf-8")
    section = f"\\g<1>{whole}\n![Processor time per sequential call](docs/images/bench-sequential.png)\n\\g<2>"
    _README.write_text(_MARKED.sub(section, _README.read_text(encoding="utf-8")), encoding="utf-8")
    for name, rows in plots.items():
        _plot(name, rows)


def _plot(name: str, rows: Measured) -> None:
    """Draw bars, one for each row, in a panel for each unit."""
    from matplotlib import pyplot as plt  # noqa: PLC0415 -- only to write

    units = list(next(iter(rows.values())))
    figure, panels = plt.subplots(1, len(units), figsize=(4 + 3.5 * len(units), 0.6 + 0.42 * len(rows)), squeeze=False)
    for panel, unit in zip(panels[0], units, strict=True):
        values = [row[unit] for row in rows.values()]
        colours = [_OURS if "ours" in row or "globus_async" in row or "tasks" in row else _OTHERS for row in rows]
        bars = panel.barh(list(rows), values, color=colours, height=0.7)
        panel.bar_label(bars, [f"{value:.3g}" if value < 1000 else f"{value:,.0f}" for value in values], padding=3)
        panel.invert_yaxis()
        panel.set_xlabel(unit)
        panel.set_xlim(0, 1.18 * max(values))
        for side in ("top", "right"):
            panel.spines[side].set_visible(False)
        if panel is not panels[0][0]:
            panel.set_yticklabels([])
    figure.suptitle(_TITLES[name], x=0.01, ha="left", fontsize=11)
    figure.tight_layout()
    figure.savefig(_PLOTS / f"bench-{name}.png", dpi=120)
    plt.close(figure)
