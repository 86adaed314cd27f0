"""Build the documentation: pages by hand, and pages made from the code so that they stay true."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

import siting  # noqa: E402

project = "siting"
author = "siting contributors"
copyright = "siting contributors"  # noqa: A001 - the name that Sphinx asks for
release = version = siting.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_made/**"]  # included by the pages that they belong to
html_theme = "furo"
html_title = f"siting {release}"
html_static_path: list[str] = []
html_show_sphinx = False
html_copy_source = False
html_theme_options: dict[str, Any] = {
    "light_css_variables": {"color-brand-primary": "#12606e", "color-brand-content": "#12606e"}
}

myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "deflist"]

autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_numpy_docstring = True
napoleon_google_docstring = False
napoleon_use_rtype = False
nitpicky = False


def setup(app: Any) -> None:
    """Write the pages that follow from the code before any page is read."""
    from made import write_pages  # type: ignore[import-not-found]

    app.connect("builder-inited", lambda _: write_pages(HERE / "_made"))
