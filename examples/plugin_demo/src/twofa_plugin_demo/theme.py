"""``harbour``: colours, a logo, and a line below the card.

theme = { use = "harbour", imprint = "https://www.example.org/imprint" }
"""

from __future__ import annotations

import html
from importlib.resources import files
from typing import ClassVar

import msgspec

from twofa_middleware.protocol import Look, PluginContext


class HarbourOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``imprint``: an address to link below the card; empty for none."""

    imprint: str = ""


class Harbour:
    Options: ClassVar[type] = HarbourOptions

    def __init__(self, options: HarbourOptions, context: PluginContext) -> None:
        self._imprint = options.imprint

    def look(self) -> Look:
        folder = files(__package__) / "harbour"
        names = ("harbour.css", "anchor.svg")
        footer = f'<p><a href="{html.escape(self._imprint)}">Imprint</a></p>' if self._imprint else ""
        return Look(
            {name: (folder / name).read_bytes() for name in names},
            sheets=("harbour.css",),
            logo="anchor.svg",
            icon="anchor.svg",
            footer=footer,
        )
