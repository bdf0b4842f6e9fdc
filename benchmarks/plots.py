"""Bar charts as SVG, one for light and one for dark pages, narrow enough for a phone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

__all__ = ("THEMES", "WIDTH", "Theme", "bars")


@dataclass(frozen=True)
class Theme:
    """The colours of a page."""

    page: str
    text: str
    ours: str
    other: str


THEMES = {
    "light": Theme(page="#ffffff", text="#1d2433", ours="#1b6ca8", other="#aab2bd"),
    "dark": Theme(page="#131416", text="#e8eaf0", ours="#5aaee8", other="#5c6470"),
}

WIDTH, _ROW, _BAR = 400, 30, 18
_LABELS, _NUMBERS = 174, 44
"""The width of the names at the left, and of the numbers at the right."""


def bars(title: str, values: Mapping[str, float], theme: Theme) -> str:
    """
    Return a chart with a bar for each value; those whose name starts with "ours" stand out.

    A bar more than eight times as long as the shortest of ours is cut, and has a gap near its end.
    """
    longest = 8 * min(value for name, value in values.items() if name.startswith("ours"))
    scale = (WIDTH - _LABELS - _NUMBERS) / min(longest, max(values.values()))
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
        width = max(1.0, min(value, longest) * scale)
        colour = theme.ours if is_ours else theme.other
        digits = 1 if value >= 10 else 2
        weight = ' font-weight="600"' if is_ours else ""
        baseline = top + _BAR - 4
        lines += [
            f'<text x="0" y="{baseline:g}"{weight}>{escape(name.replace("`", ""))}</text>',
            f'<rect x="{_LABELS}" y="{top:g}" width="{width:.1f}" height="{_BAR}" rx="2" fill="{colour}"/>',
            *([_gap(top, theme)] if value > longest else []),
            f'<text x="{_LABELS + width + 6:.1f}" y="{baseline:g}"{weight}>{value:.{digits}f}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])


def _gap(top: float, theme: Theme) -> str:
    """Return a slanted gap near the end of the longest bars."""
    right = WIDTH - _NUMBERS - 14
    path = f"M{right - 4} {top + _BAR + 1:g} {right + 4} {top - 1:g}"
    return f'<path d="{path}" stroke="{theme.page}" stroke-width="5"/>'
