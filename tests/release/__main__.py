"""``python -m tests.release DIST PYTHON...``: check the distributions in a folder, and try them on interpreters."""

from __future__ import annotations

import sys
import tempfile
import tomllib
from pathlib import Path

from tests.release.archives import (
    metadata_of,
    problems_of_metadata,
    problems_of_sdist,
    problems_of_sources,
    problems_of_wheel,
    same_wheel,
)
from tests.release.installation import try_distribution
from tests.source import ROOT


def main() -> None:
    """Check contents and metadata, then install each distribution with each interpreter."""
    folder = Path(sys.argv[1]).absolute()
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    problems = [
        *problems_of_sources(ROOT),
        *problems_of_wheel(wheel),
        *problems_of_sdist(sdist),
        *problems_of_metadata(metadata_of(wheel), project),
    ]
    with tempfile.TemporaryDirectory() as place:
        if not same_wheel(sdist, wheel, Path(place)):
            problems.append("the source distribution builds another wheel")
    if problems:
        raise SystemExit("\n".join(problems))
    for file in (wheel, sdist):
        print(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB")  # noqa: T201 -- a script
    for python in sys.argv[2:]:
        for file in (wheel, sdist):
            with tempfile.TemporaryDirectory() as place:
                try_distribution(python, file, list(project["optional-dependencies"]), Path(place))


if __name__ == "__main__":
    main()
