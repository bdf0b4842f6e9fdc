"""The tables of the report: one for each question, a row for each client, in ratios to the question's reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.measure import Result, median, median_ratio

__all__ = ("OURS", "Cell", "Fact", "Facts", "Note", "Section", "Table", "by_row", "cells", "summary")

OURS = "ours"
_LEVEL = 0.98
"""A client that takes less than this part of ours is faster; differences below are level."""


@dataclass(frozen=True)
class Cell:
    """A figure, and its ratio to that of the reference."""

    value: float
    ratio: float

    def text(self, unit: str) -> str:
        """Return what the table shows."""
        return f"{self.ratio:.2f} ({number(self.value)} {unit})"


@dataclass(frozen=True)
class Table:
    """
    One question.

    Attributes:
        title: The question.
        how: How it was measured.
        reference: The row that has the ratio 1.
        units: The unit of each column, by the column's name.
        rows: The cells, by row and column; a client without a figure has no cell.
        aims: The highest ratio of ours that is acceptable, by column.
        floor: A row that is no client to use, and that nobody can lose to.
        left_out: What is not in the table, and why.
    """

    title: str
    how: str
    reference: str
    units: Mapping[str, str]
    rows: Mapping[str, Mapping[str, Cell]]
    aims: Mapping[str, float] = field(default_factory=dict)
    floor: str = ""
    left_out: Sequence[str] = ()

    def faster(self, column: str) -> dict[str, float]:
        """Return the clients that take less than ours in a column, with the part of ours that they take."""
        ours = self.rows[OURS][column].ratio
        parts = {
            row: found[column].ratio / ours
            for row, found in self.rows.items()
            if column in found and row != self.floor and not row.startswith(OURS)
        }
        return {row: part for row, part in sorted(parts.items(), key=lambda item: item[1]) if part < _LEVEL}

    def verdicts(self) -> list[str]:
        """Return for each column, in words, where ours loses and whether an aim was reached; nothing without peers."""
        if self.reference == OURS:
            return []
        return [
            f"- {column}: {_loss(self.faster(column))}{self._aim(column)}"
            for column in self.units
            if column in self.rows[OURS]
        ]

    def _aim(self, column: str) -> str:
        if column not in self.aims:
            return ""
        reached = "reached" if self.rows[OURS][column].ratio <= self.aims[column] else "**missed**"
        return f" Aim, at most {self.aims[column]:g} of {self.reference}: {reached}."

    def markdown(self) -> str:
        """Return heading, table and verdict."""
        lines = [f"### {self.title}", "", self.how, ""]
        lines += [f"| | {' | '.join(self.units)} |", "|---" * (1 + len(self.units)) + "|"]
        for row, found in self.rows.items():
            texts = [found[column].text(unit) if column in found else "-" for column, unit in self.units.items()]
            if row == OURS:
                texts = [f"**{text}**" for text in texts]
            name = f"**{row}**" if row == OURS else f"{row} (floor)" if row == self.floor else row
            lines.append(f"| {name} | {' | '.join(texts)} |")
        return "\n".join([*lines, "", *self.verdicts(), *(f"- {line}" for line in self.left_out)])


@dataclass(frozen=True)
class Note:
    """A question that could not be measured."""

    title: str
    how: str

    def markdown(self) -> str:
        """Return heading and reason."""
        return f"### {self.title}\n\n{self.how}"


@dataclass(frozen=True)
class Fact:
    """A figure of ours alone, and the highest one that is acceptable, if there is one."""

    what: str
    measured: float
    unit: str
    aim: float | None = None

    def cells(self) -> list[str]:
        """Return name and figure, and the aim if there is one."""
        figure = [self.what, f"{number(self.measured)} {self.unit}".strip()]
        if self.aim is None:
            return figure
        return [*figure, f"{self.aim:g}", "reached" if self.measured <= self.aim else "**missed**"]


@dataclass(frozen=True)
class Facts:
    """A question that only ours is asked."""

    title: str
    how: str
    facts: Sequence[Fact]

    def markdown(self) -> str:
        """Return heading and table."""
        titles = ["", "Measured", "At most", ""]
        rows = [fact.cells() for fact in self.facts]
        width = max(map(len, rows))
        lines = [f"### {self.title}", "", self.how, ""]
        lines += [f"| {' | '.join(titles[:width])} |", "|---" * width + "|"]
        return "\n".join([*lines, *(f"| {' | '.join(row + [''] * (width - len(row)))} |" for row in rows)])


Section = Table | Facts | Note


def cells(found: Mapping[str, Sequence[Result]], reference: str, name: str, scale: float = 1) -> dict[str, Cell]:
    """Return a column: the median of a figure in each row, and the median of its ratios to the reference in a round."""
    return {
        row: Cell(median(results, name) * scale, median_ratio(results, found[reference], name))
        for row, results in found.items()
    }


def by_row(columns: Mapping[str, Mapping[str, Cell]]) -> dict[str, dict[str, Cell]]:
    """Return cells by row and column; the order of the rows is that of the first column."""
    rows = dict.fromkeys(row for column in columns.values() for row in column)
    return {row: {name: column[row] for name, column in columns.items() if row in column} for row in rows}


def summary(tables: Sequence[Table], *, only_with_aim: bool = False) -> str:
    """
    Return one line for each column of each table with peers: both values, their ratio, the aim, and who is faster.

    Args:
        tables: The tables.
        only_with_aim: Leave out columns without an aim.
    """
    titles = ("Benchmark", "Baseline", "Ratio", "Target", "Ours", "Baseline's", "Faster than ours")
    lines = [f"| {' | '.join(titles)} |", "|---|---|--:|--:|--:|--:|---|"]
    for table in tables:
        for column, unit in table.units.items() if table.reference != OURS else ():
            if column in table.rows[OURS] and (column in table.aims or not only_with_aim):
                lines.append(f"| {' | '.join(_line(table, column, unit))} |")
    return "\n".join(lines)


def _line(table: Table, column: str, unit: str) -> list[str]:
    ours, baseline = table.rows[OURS][column], table.rows[table.reference][column]
    aim = table.aims.get(column)
    return [
        f"{table.title}: {column}",
        table.reference,
        f"**{ours.ratio:.2f}**",
        "-" if aim is None else f"{aim:g}, {'reached' if ours.ratio <= aim else '**missed**'}",
        f"{number(ours.value)} {unit}",
        f"{number(baseline.value)} {unit}",
        ", ".join(f"{row} {part:.2f}" for row, part in table.faster(column).items()) or "none",
    ]


def number(value: float) -> str:
    """Return a figure with three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _loss(faster: Mapping[str, float]) -> str:
    if not faster:
        return "no client here takes less than ours."
    return f"**we lose** to {', '.join(f'{row}: {part:.2f}' for row, part in faster.items())} of ours."
