"""Makes ``__init__.pyi`` of the package, which tells type checkers the names that ``__init__.py`` loads when used."""

from __future__ import annotations

import globus_async
from tests.source import ROOT

__all__ = ("HOMES", "STUB", "root_stub")

STUB = ROOT / "src" / "globus_async" / "__init__.pyi"


MODULES: tuple[str, ...] = vars(globus_async)["_MODULES"]
HOMES: dict[str, tuple[str, ...]] = vars(globus_async)["_HOMES"]


def root_stub() -> str:
    """Return the text of the stub."""
    names = [
        *((".", module) for module in MODULES),
        ("._version", "__version__"),
        *((f".{home}", name) for home, names in HOMES.items() for name in names),
    ]
    lines = [f"from {module} import {name} as {name}" for module, name in sorted(names, key=_isort_order)]
    return "\n".join(
        [
            "# Made by python -m tests.root_stub from __init__.py.",
            "",
            *lines,
            "",
            "__all__: tuple[str, ...]  # noqa: PYI035 -- computed from the names above",
            "",
        ]
    )


def _isort_order(imported: tuple[str, str]) -> tuple[object, ...]:
    module, name = imported
    kind = 0 if name.isupper() else 1 if name[:1].isupper() else 2
    return (module, kind, name.lower())


if __name__ == "__main__":
    STUB.write_text(root_stub())
