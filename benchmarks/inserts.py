"""What it costs to look for a place in a page of 100 KB: ``python benchmarks/inserts.py`` prints microseconds.

Each number is the best of many runs, less what it takes to hand the same page through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from time import perf_counter

from twofa_middleware.inserts.selector import Selector
from twofa_middleware.inserts.splicer import Gap, Splicer, Spot

PAGE_BYTES = 100 * 1024
RUNS = 300

HEAD = (
    b'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Users</title>'
    b'<link rel="stylesheet" href="/a.css"><script src="/a.js"></script></head>\n<body class="app"><header><nav class="top"><ul><li>'
    b'<a href="/">Home</a></li><li><a href="/tasks">Tasks</a></li><li class="profile"><a href="#">erin</a>'
    b'<ul class="menu" id="profile-menu"><li><a href="/profile">Profile</a></li><li><a href="/logout">Log out</a></li></ul></li></ul></nav></header><main>'
)
ROWS = (
    b'<tr class="odd"><td><a href="/users/12" title="x">Anna Example</a></td><td class="mail">anna@example.org</td>'
    b'<td><span class="badge">User</span></td></tr>\n'
)
PROSE = (
    b'<section class="task"><h2>Holiday request</h2>\n<p>Please say from when to when, and who stands in for you. The '
    b"head of your department decides within five working days; you find the answer here and in your mail box.</p>\n"
    b'<p class="links"><a href="/tasks/17/edit">Edit</a> <a href="/tasks/17/withdraw">Withdraw</a></p></section>\n'
)


def page_of(part: bytes, around: bytes = b"") -> bytes:
    opening = HEAD + (b"<%s>" % around if around else b"")
    return opening + part * ((PAGE_BYTES - len(opening)) // len(part))


def best(run: Callable[[], object], runs: int = RUNS) -> float:
    """The shortest run, in microseconds."""
    shortest = float("inf")
    for _ in range(runs):
        begun = perf_counter()
        run()
        shortest = min(shortest, perf_counter() - begun)
    return shortest * 1e6


def read(pieces: Iterator[bytes | Gap]) -> None:
    for _ in pieces:
        pass


def whole(page: bytes, spots: tuple[Spot, ...], limit_bytes: int) -> None:
    splicer = Splicer(spots, limit_bytes)
    read(splicer.feed(page))
    read(splicer.close())


def begun(page: bytes, spots: tuple[Spot, ...]) -> None:
    """As far as the first piece."""
    next(Splicer(spots).feed(page))


def main() -> None:
    for name, page in (("prose", page_of(PROSE)), ("table", page_of(ROWS, b"table"))):
        print(f"{name}: {len(page)} bytes, {page.count(b'<')} tags")
        passing = best(partial(whole, page, (), 1))
        for text in ("#profile-menu", ".menu", "nav.top > ul .menu"):
            spots = (Spot(Selector.parse(text), "append"),)
            cost = best(partial(whole, page, spots, 64 * 1024)) - passing
            first = best(partial(begun, page, spots))
            print(f"  match at the top, {text:22} {cost:8.0f} µs; first byte after {first:4.0f} µs")
        for text in ("#none", ".none", "form > p .none"):
            spots = (Spot(Selector.parse(text), "append"),)
            limited = best(partial(whole, page, spots, 64 * 1024), RUNS // 5) - passing
            cost = best(partial(whole, page, spots, 10 * PAGE_BYTES), RUNS // 5) - passing
            print(f"  no match,         {text:22} {limited:8.0f} µs in 64 KB, {cost:8.0f} µs in all")


if __name__ == "__main__":
    main()
