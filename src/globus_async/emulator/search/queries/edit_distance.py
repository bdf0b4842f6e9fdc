"""Words that differ by a few letters."""

from __future__ import annotations

__all__ = ("is_within",)


def is_within(one: str, two: str, distance: int) -> bool:
    """Return whether one word becomes another by so many insertions, deletions, changes and swaps of neighbors."""
    if abs(len(one) - len(two)) > distance:
        return False
    before: list[int] = []
    row = list(range(len(two) + 1))
    for i, left in enumerate(one, 1):
        previous, row = row, [i]
        for j, right in enumerate(two, 1):
            cost = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (left != right))
            if i > 1 and j > 1 and left == two[j - 2] and one[i - 2] == right:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > distance:
            return False
        before = previous
    return row[-1] <= distance
