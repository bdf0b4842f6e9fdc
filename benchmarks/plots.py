"""Bar charts as SVG, one for light and one for dark pages, narrow enough for a phone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

__all__ = ("DARK", "LIGHT", "WIDTH", "Theme", "bars")


@dataclass(frozen=True)
class Theme:
    """The colours of a page."""

    text: str
    ours: str
    other: str


LIGHT = Theme(text="#1d2433", ours="#1b6ca8", other="#aab2bd")
DARK = Theme(text="#e8eaf0", ours="#5aaee8", other="#5c6470")

WIDTH, _ROW, _BAR = 400, 30, 18
_LABELS, _NUMBERS = 174, 44
"""The width of the names at the left, and of the numbers at the right."""


def bars(title: str, values: Mapping[str, float], theme: Theme) -> str:
    """Return a chart with a bar for each value; those whose name starts with "ours" stand out."""
    scale = (WIDTH - _LABELS - _NUMBERS) / max(values.values())
    height = _ROW * (len(values) + 1) + 8
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    font = f'font-family="system-ui, sans-serif" font-size="14" fill="{theme.text}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="t" {font}>',
        f'<title id="t">{escape(title)}</title>',
        f'<text x="0" y="18" font-weight="600">{escape(title)}</text>',
    ]
    for number, (name, value) in enumerate(values.items(), 1):
        top = number * _ROW + (_ROW - _BAR) / 2
        is_ours = name.startswith("ours")
        width = max(1.0, value * scale)
        colour = theme.ours if is_ours else theme.other
        weight = ' font-weight="600"' if is_ours else ""
        baseline = top + _BAR - 4
        lines += [
            f'<text x="0" y="{baseline:g}"{weight}>{escape(name.replace("`", ""))}</text>',
            f'<rect x="{_LABELS}" y="{top:g}" width="{width:.1f}" height="{_BAR}" rx="2" fill="{colour}"/>',
            f'<text x="{_LABELS + width + 6:.1f}" y="{baseline:g}"{weight}>{value:.2f}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])
