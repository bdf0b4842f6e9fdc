"""Names of a package that are imported when they are first used, so that a process loads only what it uses."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from .porting import raise_missing

__all__ = ("lazy_names",)


def lazy_names(
    package: str, homes: Mapping[str, tuple[str, ...]], *, extra: str | None = None
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """
    Return the ``__getattr__`` and ``__dir__`` of a package.

    Args:
        package: The package.
        homes: The names to import when they are first used, by the module of the package that has them.
        extra: The extra that the package needs, which the error names if a package of others is missing.
    """
    home_of = {name: home for home, names in homes.items() for name in names}

    def __getattr__(name: str) -> Any:  # noqa: N807 -- it is one
        home = home_of.get(name)
        if home is None:
            raise_missing(package, name, sys._getframe(1))  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
        try:
            value = getattr(import_module(f".{home}", package), name)
        except ModuleNotFoundError as error:
            if extra is not None and not str(error.name).startswith("globus_async"):
                error.add_note(f"this package needs an extra: pip install 'globus-async[{extra}]'")
            raise
        setattr(sys.modules[package], name, value)
        return value

    def __dir__() -> list[str]:  # noqa: N807 -- it is one
        return sorted({*vars(sys.modules[package]), *home_of})

    return __getattr__, __dir__
