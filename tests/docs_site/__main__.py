"""``python -m tests.docs_site SITE``: check the built documentation."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.docs_site.pages import problems

if __name__ == "__main__":
    raise SystemExit("\n".join(problems(Path(sys.argv[1]))) or None)
