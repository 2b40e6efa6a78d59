"""Runs a page through a splicer and writes the number of a spot where its gap is."""

from __future__ import annotations

from collections.abc import Iterable

from twofa_middleware.inserts.selector import Selector
from twofa_middleware.inserts.splicer import Gap, Position, Splicer, Spot


def spot(selector: str, position: Position = "before", *, is_every: bool = False, field: str | None = None) -> Spot:
    return Spot(Selector.parse(selector), position, is_every=is_every, field=field)


def run(splicer: Splicer, chunks: Iterable[bytes]) -> tuple[bytes, list[Gap]]:
    """The page with ``{0}`` and so on in its gaps, and the gaps; all else is held to be as it came."""
    pieces: list[bytes | Gap] = []
    sent = b""
    for chunk in chunks:
        sent += chunk
        pieces.extend(splicer.feed(chunk))
    pieces.extend(splicer.close())
    assert b"".join(piece for piece in pieces if isinstance(piece, bytes)) == sent
    filled = b"".join(piece if isinstance(piece, bytes) else b"{%d}" % piece.spot for piece in pieces)
    return filled, [piece for piece in pieces if isinstance(piece, Gap)]


def filled(page: bytes, *spots: Spot, is_xml: bool = False) -> bytes:
    return run(Splicer(spots, is_xml=is_xml), [page])[0]


def outcome(page: bytes, wanted: Spot, *, is_xml: bool = False, limit_bytes: int = 65536) -> str:
    splicer = Splicer([wanted], limit_bytes, is_xml)
    run(splicer, [page])
    return splicer.outcomes[0]
