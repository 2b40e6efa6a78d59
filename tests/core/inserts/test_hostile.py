"""No page makes the search go over the same bytes again and again: work grows with the page, not with its square."""

from __future__ import annotations

from time import process_time

import pytest

from core.inserts.pages import run, spot
from twofa_middleware.inserts.splicer import Splicer

BYTES = 200_000
PARTS = [
    b"<", b"<a", b"<a ", b"<a b", b"<a b=", b"<a b='", b'<a b="', b"<a b=c", b"</", b"</a ", b"<!", b"<!-", b"<!--",
    b"-->", b"--!", b"<!--<!-", b"<?", b"&", b"<p a='&' ", b"<script>", b"<script><!--", b"<script><!--<script>", b"</script",
    b"<textarea>", b"</textarea", b"<title><", b"<svg>", b"<svg><![CDATA[", b"]]", b"<a=", b"=", b"'", b"\0", b"<\0",
    b"<div>", b"<b>", b"</b>", b"<b><div>", b"<p>", b"</p>", b"<b><p>", b"<a><p>", b"<table>", b"<table><td>", b"<td>",
    b"<li>", b"<ul><li>", b"<dd>", b"<h1>", b"<button>", b"<form>", b"</form>", b"<select>", b"<option>", b"<template>",
    b"<noscript>", b"<x>", b"</x>", b"<p class='x'>", b"<p class='x' id=m a=b c=d e=f>", b"<p/", b" a", b"a=b ",
]  # fmt: skip


def seconds(page: bytes, *, is_xml: bool) -> float:
    spots = [spot("div > p.none b"), spot(".none #m"), spot("p[a=none]", "after", is_every=True, field="u")]
    begun = process_time()
    run(Splicer(spots, 10**9, is_xml), [page])
    return process_time() - begun


@pytest.mark.parametrize("is_xml", [False, True])
@pytest.mark.parametrize("part", PARTS, ids=repr)
def test_a_part_that_comes_again_and_again_takes_no_more_time_each_time(part: bytes, is_xml: bool) -> None:
    for before in (b"", b"<i ", b"<script><!--", b"<html xmlns='http://www.w3.org/1999/xhtml'><i "):
        # In its square, this would take minutes.
        assert seconds(before + part * (BYTES // len(part)), is_xml=is_xml) < 5


def test_a_tag_that_never_ends_is_held_no_longer_than_the_limit() -> None:
    splicer = Splicer([spot("p")], 1000)
    for _ in range(200):
        list(splicer.feed(b"<a b='>>>>"[:10]))
    assert splicer.outcomes == ("limit reached",)


@pytest.mark.parametrize("zeros", [10, 5000])
def test_a_character_reference_may_have_any_number_of_zeros(zeros: int) -> None:
    page = b'<ul id="&#' + b"0" * zeros + b'65;"></ul>'
    pieces = list(Splicer([spot("#A")], 64 * 1024).feed(page))
    assert b"".join(piece for piece in pieces if isinstance(piece, bytes)) == page
    assert sum(not isinstance(piece, bytes) for piece in pieces) == 1
