"""Hand out the vendored scripts and styles as text that needs no internet."""

from __future__ import annotations

import base64
import mimetypes
import re
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2

__all__ = ["asset_text", "data_uri", "outside_links", "template"]

REFERENCE = re.compile(r"""url\((["']?)(?!data:|#)([^)"']+)\1\)""")
OUTSIDE = re.compile(
    r"""<(?:script|link|img|iframe|source|audio|video|object|embed|image|use)\b[^>]*?"""
    r"""\b(?:src|href|data|srcset)\s*=\s*["']?\s*((?:https?:)?//[^"'\s>]+)""",
    re.IGNORECASE,
)
STYLE_LINK = re.compile(r"""(?:@import\s+|url\()["']?((?:https?:)?//[^"')\s]+)""", re.IGNORECASE)


@cache
def asset_text(name: str) -> str:
    """Return a script or style; files that a style points to are put inside it."""
    text = _asset(name).decode("utf-8")
    if not name.endswith(".css"):
        return text
    folder = name.rpartition("/")[0]
    return REFERENCE.sub(lambda hit: f'url("{_file_uri(f"{folder}/{hit[2]}")}")', text)


def data_uri(name: str) -> str:
    """Return a script or style as a ``data:`` address."""
    return _uri(_mime(name), asset_text(name).encode("utf-8"))


@cache
def template(name: str) -> jinja2.Template:
    """Return a page template in which every inserted text is escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("siting.outputs", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def outside_links(html: str) -> list[str]:
    """Return the addresses outside the page that it would load.

    Examples
    --------
    >>> outside_links('<script src="https://example.org/a.js"></script><a href="https://b.org">b</a>')
    ['https://example.org/a.js']
    """
    return OUTSIDE.findall(html) + STYLE_LINK.findall(html)


def _asset(name: str) -> bytes:
    return files("siting.outputs").joinpath("assets", name).read_bytes()


def _file_uri(name: str) -> str:
    return _uri(_mime(name), _asset(name))


def _uri(mime: str, content: bytes) -> str:
    return f"data:{mime};base64,{base64.b64encode(content).decode('ascii')}"


def _mime(name: str) -> str:
    known: dict[str, Any] = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
    ending = name[name.rindex(".") :]
    return str(known.get(ending) or mimetypes.guess_type(name)[0])
