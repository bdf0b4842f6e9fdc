"""How the documentation is built."""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version as version_of
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple, is_typeddict

from sphinx.util import logging
from sphinx.util.typing import stringify_annotation

from globus_async import AuthClient, BaseClient, TimersClient, TransferClient

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

project = "globus_async"
author = "The globus_async authors"
copyright = "2026, the globus_async authors"
release = version_of("globus-async")
version = ".".join(release.split(".")[:2])

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))
extensions = ["myst_parser", "pages", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "figures.md"]
source_suffix = {".md": "markdown"}
default_role = "any"
nitpicky = True
nitpick_ignore_regex = [
    # Annotations name types of other projects, private modules and type variables; links written by hand are checked.
    (r"py:.*", r"(_?asyncio|collections|contextlib|datetime|enum|os|pathlib|random|ssl|types|typing|uuid)\..*"),
    (r"py:.*", r"(fastapi|httpx|opentelemetry|pytest|starlette|typing_extensions)\..*"),
    (r"py:(class|obj)", r"_?[A-Za-z]\w*"),
    (r"py:(class|obj)", r"globus_async\.(.+\.)?_\w+(\.\w+)*"),
    (r"py:(class|obj)", r"globus_async\.emulator\.auth\.login\..*"),
    (r"py:(class|obj)", r"globus_async\.emulator\.own_paths\..*"),
    (r"py:(class|obj)", r"globus_async\.testing\.transfer\..*"),
    (r"py:(class|obj)", r"globus_async\..+\.[A-Z]\w{0,3}"),
]

suppress_warnings = [
    "ref.any",  # what is no name of ours is shown as code all the same
    "ref.python",  # services refine errors of the same name, so that a short name fits several
]

myst_enable_extensions = ["colon_fence", "deflist", "attrs_block", "attrs_inline"]
myst_heading_anchors = 3

autoclass_content = "both"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
add_module_names = False  # a name is imported from where the page says, not from where it is defined
toc_object_entries_show_parents = "hide"
napoleon_numpy_docstring = False
napoleon_use_rtype = False

html_theme = "furo"
html_title = "globus_async"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_theme_options = {"navigation_with_keys": True}
html_show_sourcelink = False
html_copy_source = False
templates_path = ["_templates"]
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "versions.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
html_context = {
    # relative to the root of the built pages; one list for all versions is beside them: ../versions.json
    "versions_url": os.environ.get("DOCS_VERSIONS_URL", "_static/versions.json")
}

PUBLIC = (
    "globus_async",
    "globus_async.authorizers",
    "globus_async.client",
    "globus_async.clock",
    "globus_async.config",
    "globus_async.credentials",
    "globus_async.errors",
    "globus_async.fastapi",
    "globus_async.fsspec",
    "globus_async.gare",
    "globus_async.globus_app",
    "globus_async.login_flows",
    "globus_async.otel",
    "globus_async.paging",
    "globus_async.response",
    "globus_async.scopes",
    "globus_async.scopes.consents",
    "globus_async.services.auth",
    "globus_async.services.auth.documents",
    "globus_async.services.flows",
    "globus_async.services.flows.documents",
    "globus_async.services.files",
    "globus_async.services.timers",
    "globus_async.services.timers.documents",
    "globus_async.services.compute",
    "globus_async.services.compute.documents",
    "globus_async.services.transfer_v2",
    "globus_async.services.transfer_v2.documents",
    "globus_async.services.search",
    "globus_async.services.search.documents",
    "globus_async.services.gcs",
    "globus_async.services.gcs.documents",
    "globus_async.services.groups",
    "globus_async.services.groups.documents",
    "globus_async.services.transfer",
    "globus_async.services.transfer.documents",
    "globus_async.session_store",
    "globus_async.sql",
    "globus_async.sync",
    "globus_async.testing",
    "globus_async.token_storage",
)
"""The modules whose names users import."""


BY_SUBJECT = (TransferClient, AuthClient, TimersClient)
"""The clients whose methods the reference lists one by one, in order of what they are about."""


def undocumented(known: set[str]) -> Iterator[str]:
    """Give the public names that no page of the reference has, wherever it says that they are."""
    for client in BY_SUBJECT:
        methods = {name for name, _ in inspect.getmembers(client, inspect.isfunction) if not name.startswith("_")}
        for name in methods - set(dir(BaseClient)):
            if f"{client.__module__}.{client.__name__}.{name}" not in known:
                yield f"{client.__name__}.{name}"
    for module in PUBLIC:
        loaded = import_module(module)
        for name in loaded.__all__:
            value = getattr(loaded, name)
            homes = (*PUBLIC, getattr(value, "__module__", module))
            if not isinstance(value, ModuleType) and known.isdisjoint(f"{home}.{name}" for home in homes):
                yield f"{module}.{name}"


def check_reference(_app: Sphinx, environment: BuildEnvironment) -> None:
    """Warn of every public name that is not documented; warnings are errors."""
    known = set(environment.domaindata["py"]["objects"])
    for name in undocumented(known):
        logging.getLogger(__name__).warning("%s is public, and not in the reference", name)


MODULE = re.compile(r"\b(datetime|globus_async(\.\w+)*)\.(?=\w)")
"""What is left out of the names of types."""


def show_members(_app: Sphinx, _what: str, _name: str, documented: object, _options: object, lines: list[str]) -> None:
    """Show the members of a document in one block, as they are declared."""
    if is_typeddict(documented):
        members = vars(documented)["__annotations__"].items()
        shown = [
            f"   {name}: {MODULE.sub('', stringify_annotation(kind, 'fully-qualified-except-typing'))}"
            for name, kind in members
        ]
        lines += ["", ".. code-block:: python", "", *shown, ""]


def skip_fields(_app: Sphinx, _what: str, _name: str, documented: object, _skip: bool, _options: object) -> bool | None:
    """Leave out the fields of a named tuple, which its own description has already."""
    return True if isinstance(documented, FIELD) else None


FIELD = type(NamedTuple("FIELD", [("name", str)]).name)
"""The type of a field of a named tuple, as the class has it."""


NO_COLON = "\ue000"
"""Stands for a colon while napoleon reads the description of an attribute: it takes the text before one for a type."""


def hide_colons(_app: Sphinx, what: str, _name: str, _documented: object, _options: object, lines: list[str]) -> None:
    """Replace the colons in the first line of an attribute's description."""
    if what in {"attribute", "data", "property"} and lines:
        lines[0] = lines[0].replace(":", NO_COLON)


def show_colons(_app: Sphinx, _what: str, _name: str, _documented: object, _options: object, lines: list[str]) -> None:
    """Undo the replacement."""
    lines[:] = [line.replace(NO_COLON, ":") for line in lines]


def setup(app: Sphinx) -> None:
    """Connect the functions above to the build."""
    app.connect("autodoc-process-docstring", hide_colons, priority=400)  # napoleon has 500
    app.connect("autodoc-process-docstring", show_colons, priority=600)
    app.connect("autodoc-process-docstring", show_members)
    app.connect("autodoc-skip-member", skip_fields)
    app.connect("env-check-consistency", check_reference)
