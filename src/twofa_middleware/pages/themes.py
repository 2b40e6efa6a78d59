"""How a theme may dress our pages: with files of its own, and two lines of HTML without any script, form or style.

The look is checked once, at the start. What stands for a name in a line is escaped when a page is drawn, so what was
checked is what is shown.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct

from ..errors import ConfigError
from ..protocol import Look, PluginContext

if TYPE_CHECKING:
    from markupsafe import Markup

KINDS = {
    "css": b"text/css; charset=utf-8",
    "svg": b"image/svg+xml",
    "png": b"image/png",
    "jpg": b"image/jpeg",
    "webp": b"image/webp",
    "ico": b"image/x-icon",
}
"""The kinds of files: no script, and no font, which the policy of our pages would not load."""
MOST_BYTES = 1024 * 1024
NAMES = ("product", "app", "support", "home", "logo")
_TAGS = frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "br",
        "div",
        "em",
        "hr",
        "i",
        "img",
        "li",
        "nav",
        "ol",
        "p",
        "small",
        "span",
        "strong",
        "ul",
    ]
)
_VOID = frozenset({"br", "hr", "img"})
_ATTRIBUTES = frozenset(["class", "href", "src", "alt", "width", "height", "lang", "dir", "title", "role", "rel"])
_FILE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}\.(" + "|".join(KINDS) + ")", re.ASCII)
_NAME = re.compile(r"\{\{ ?([a-z]+) ?\}\}")
_ADDRESS = re.compile(r"(https?://|mailto:|/(?!/))[^\s]*|\{\{ ?(home|logo) ?\}\}")


class NoOptions(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """None."""


class Plain:
    """Our pages as they are. It has no options."""

    Options: ClassVar[type] = NoOptions

    def __init__(self, options: NoOptions, context: PluginContext) -> None:
        pass

    def look(self) -> Look:
        return Look()


def checked(use: str, look: Look) -> Look:
    """The look, if it may be used; ConfigError names what in it may not."""
    files: Mapping[str, Any] = look.files
    for name, body in files.items():
        if not _FILE.fullmatch(name):
            raise ConfigError(f'{use}: a file "{name}" may not be served; it ends in one of {", ".join(KINDS)}')
        if not isinstance(body, bytes) or len(body) > MOST_BYTES:
            raise ConfigError(f'{use}: the file "{name}" has more than {MOST_BYTES} bytes')
    for name in (*look.sheets, *filter(None, (look.logo, look.icon))):
        if name not in look.files:
            raise ConfigError(f'{use}: there is no file "{name}"')
        if (name in look.sheets) != name.endswith(".css"):
            raise ConfigError(f'{use}: a sheet is a file .css, and a logo or icon is a picture, not "{name}"')
    for where, html in (("header", look.header), ("footer", look.footer)):
        try:
            _Line.check(html)
        except ValueError as error:
            raise ConfigError(f"{use}: {where}: {error}") from None
    return look


def address(look: Look, name: str) -> str:
    """The file below ``<prefix>/static/``, with what changes when the file does: browsers keep it for long."""
    return f"theme/{name}?{hashlib.sha256(look.files[name]).hexdigest()[:12]}"


def file_of(look: Look, path: str) -> tuple[bytes, bytes] | None:
    """Content type and bytes of a path below ``<prefix>/static/``."""
    body = look.files.get(path.removeprefix("theme/")) if path.startswith("theme/") else None
    return None if body is None else (KINDS[path.rpartition(".")[2]], body)


def line(html: str, values: Mapping[str, str]) -> Markup:
    """A checked header or footer with its names filled in."""
    from markupsafe import Markup, escape

    return Markup(_NAME.sub(lambda found: str(escape(values[found[1]])), html))  # noqa: S704


class _Line(HTMLParser):
    """Refuses whatever is not in the lists above, and elements that are not closed: they would swallow the form."""

    @classmethod
    def check(cls, html: str) -> None:
        if re.search(r"\{[%#]", html) or "{{" in _NAME.sub("", html):
            raise ValueError("only names stand in braces, such as {{ product }}")
        for name in _NAME.findall(html):
            if name not in NAMES:
                raise ValueError(f"nothing is called {name}; there are {', '.join(NAMES)}")
        if html.count("<") != html.count(">"):
            raise ValueError("a tag is not closed")
        parser = cls(convert_charrefs=True)
        parser.open = []
        parser.feed(html)
        parser.close()
        if parser.rawdata or parser.open:
            raise ValueError(f"<{parser.open[-1] if parser.open else '…'}> is not closed")

    open: list[str]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            raise ValueError(f"<{tag}> may not stand there; use {', '.join(sorted(_TAGS))}")
        for name, value in attrs:
            if name not in _ATTRIBUTES and not name.startswith("aria-"):
                raise ValueError(f"<{tag} {name}> may not stand there")
            if name in ("href", "src") and not _ADDRESS.fullmatch(value or ""):
                raise ValueError(f'<{tag} {name}="{value}"> is no address that may stand there')
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID and (not self.open or self.open.pop() != tag):
            raise ValueError(f"</{tag}> closes nothing")

    def handle_comment(self, data: str) -> None:
        raise ValueError("a comment may not stand there")

    def handle_decl(self, decl: str) -> None:
        raise ValueError("a declaration may not stand there")

    def unknown_decl(self, data: str) -> None:
        raise ValueError("a declaration may not stand there")

    def handle_pi(self, data: str) -> None:
        raise ValueError("a declaration may not stand there")
