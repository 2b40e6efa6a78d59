"""A plot in SVG: a dot for the middle of each row and a line between its quartiles. Light or dark as the reader has it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

WIDTH = 880
LABELS = 310
RIGHT = 100
ROW = 24
TITLE = 58
AXIS = 34
STYLE = """<style>
text { font: 13px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328; }
.title { font-weight: 600; font-size: 15px; } .quiet { fill: #59636e; } .ours { font-weight: 600; }
.ground { fill: #ffffff; } .grid { stroke: #d1d9e0; } .mark { stroke: #59636e; stroke-dasharray: 4 3; }
line.other { stroke: #59636e; stroke-width: 3; } circle.other { fill: #59636e; }
line.ours { stroke: #0969da; stroke-width: 3; } circle.ours { fill: #0969da; }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc; } .quiet { fill: #9198a1; } .ground { fill: #0d1117; } .grid { stroke: #3d444d; }
.mark { stroke: #9198a1; } line.other { stroke: #9198a1; } circle.other { fill: #9198a1; }
line.ours { stroke: #4493f8; } circle.ours { fill: #4493f8; } }
</style>"""


@dataclass(frozen=True)
class Row:
    """``said``: the figure as it is written beside. ``is_ours`` makes it stand out."""

    label: str
    low: float
    middle: float
    high: float
    said: str
    is_ours: bool


@dataclass(frozen=True)
class Panel:
    """``ticks`` from the least to the largest value shown; what lies outside is drawn at the edge. ``mark``: the value at
    which a goal, or the bare app, lies."""

    title: str
    about: str
    ticks: tuple[float, ...]
    rows: tuple[Row, ...]
    is_logarithmic: bool = False
    mark: float | None = None

    @property
    def height(self) -> int:
        return TITLE + ROW * len(self.rows) + AXIS

    def x(self, value: float) -> float:
        """Where a value lies."""
        least, most = self.ticks[0], self.ticks[-1]
        value = min(max(value, least), most)
        part = (
            math.log(value / least) / math.log(most / least)
            if self.is_logarithmic
            else (value - least) / (most - least)
        )
        return round(LABELS + part * (WIDTH - LABELS - RIGHT), 1)


def svg(panels: tuple[Panel, ...], title: str) -> str:
    """The panels, one below the other."""
    height = sum(panel.height for panel in panels) + 10
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">',
        STYLE,
        f'<rect class="ground" width="{WIDTH}" height="{height}"/>',
    ]
    top = 0
    for panel in panels:
        lines += _drawn(panel, top)
        top += panel.height
    return "\n".join([*lines, "</svg>", ""])


def _drawn(panel: Panel, top: int) -> Iterator[str]:
    yield f'<text class="title" x="16" y="{top + 28}">{escape(panel.title)}</text>'
    yield f'<text class="quiet" x="16" y="{top + 46}">{escape(panel.about)}</text>'
    begin, end = top + TITLE, top + TITLE + ROW * len(panel.rows)
    for tick in panel.ticks:
        x = panel.x(tick)
        yield f'<line class="grid" x1="{x}" y1="{begin}" x2="{x}" y2="{end}"/>'
        yield f'<text class="quiet" x="{x}" y="{end + 18}" text-anchor="middle">{tick:g}</text>'
    if panel.mark is not None:
        x = panel.x(panel.mark)
        yield f'<line class="mark" x1="{x}" y1="{begin}" x2="{x}" y2="{end}"/>'
    for number, row in enumerate(panel.rows):
        y = begin + ROW * number + ROW // 2
        kind = "ours" if row.is_ours else "other"
        yield f'<text class="{kind}" x="{LABELS - 14}" y="{y + 4}" text-anchor="end">{escape(row.label)}</text>'
        yield f'<line class="{kind}" x1="{panel.x(row.low)}" y1="{y}" x2="{panel.x(row.high)}" y2="{y}"/>'
        yield f'<circle class="{kind}" cx="{panel.x(row.middle)}" cy="{y}" r="5"/>'
        yield f'<text class="{kind}" x="{WIDTH - 16}" y="{y + 4}" text-anchor="end">{escape(row.said)}</text>'
