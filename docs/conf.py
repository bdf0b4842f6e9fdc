"""How the documentation is built."""

from __future__ import annotations

from importlib.metadata import version as version_of

project = "globus_async"
author = "The globus_async authors"
copyright = "2026, the globus_async authors"
release = version_of("globus-async")
version = ".".join(release.split(".")[:2])

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "method_table.md"]
source_suffix = {".md": "markdown"}
default_role = "code"
nitpicky = True
nitpick_ignore_regex = [
    # Annotations name types of other projects, private modules and type variables; links written by hand are checked.
    (r"py:.*", r"(asyncio|collections|contextlib|datetime|enum|os|ssl|types|typing|uuid)\..*"),
    (r"py:.*", r"(httpx|pytest|typing_extensions)\..*"),
    (r"py:(class|obj)", r"_?[A-Za-z]\w*"),
    (r"py:(class|obj)", r"globus_async\.(.+\.)?_\w+(\.\w+)?"),
    (r"py:(class|obj)", r"globus_async\.testing\.transfer\..*"),
    (r"py:(class|obj)", r"globus_async\..+\.[A-Z]\w{0,3}"),
    (r"py:class", r"[\w-]+ .*"),  # the first words of an attribute's description, taken for its type
]

suppress_warnings = ["ref.python"]  # services refine errors of the same name, so that a short name fits several

myst_enable_extensions = ["colon_fence", "deflist", "attrs_inline"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False

html_theme = "furo"
html_title = "globus_async"
html_static_path = ["_static"]
html_css_files = ["pairs.css"]
html_theme_options = {"navigation_with_keys": True}
