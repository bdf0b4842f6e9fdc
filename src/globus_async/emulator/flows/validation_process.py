"""
The validation of an input in a process of its own, which is ended if it takes too long.

Nothing else can end the search for a regular expression that a schema asks for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from .validation import input_problems

__all__ = ("problems_in_time",)


def problems_in_time(schema: object, value: object, *, timeout: float = 5) -> list[tuple[str, str]]:
    """
    Return what `input_problems` returns, or the problem that this takes too long.

    Args:
        schema: The schema.
        value: The input.
        timeout: Seconds, for which the call blocks at most.
    """
    try:
        result = subprocess.run(  # noqa: S603 -- this module
            [sys.executable, "-m", __spec__.name],
            input=json.dumps([schema, value]),
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONIOENCODING": "utf-8"},
            stdout=subprocess.PIPE,
            encoding="utf-8",
            timeout=timeout,
            check=True,
        )
    except subprocess.TimeoutExpired:
        return [("$", "the input schema takes too long to be applied: simplify its patterns")]
    found: Any = json.loads(result.stdout)
    return [(path, message) for path, message in found]


if __name__ == "__main__":
    json.dump(input_problems(*json.load(sys.stdin)), sys.stdout)
