"""Where the gaps come, and where none does."""

from __future__ import annotations

import pytest

from core.inserts.pages import filled, outcome, run, spot
from twofa_middleware.inserts.splicer import Splicer

PAGE = b"<!DOCTYPE html><title>a</title><body><ul id=m><li>1<li class=x>2</ul><p>b</p></body>"


def test_a_gap_comes_before_inside_and_after_the_element() -> None:
    spots = [spot("#m"), spot("#m", "prepend"), spot("p", "append"), spot("p", "after")]
    assert filled(PAGE, *spots) == PAGE.replace(b"<ul id=m>", b"{0}<ul id=m>{1}").replace(b"b</p>", b"b{2}</p>{3}")


def test_only_the_first_match_counts_unless_every_one_is_wanted() -> None:
    assert filled(PAGE, spot("li", "prepend")).count(b"{0}") == 1
    assert filled(PAGE, spot("li", "prepend", is_every=True)).count(b"{0}") == 2


def test_the_end_of_an_element_can_be_implied() -> None:
    assert b"1{0}<li class=x>2{0}</ul>" in filled(PAGE, spot("li", "append", is_every=True))


def test_nothing_comes_after_an_element_whose_end_tag_is_left_out() -> None:
    assert outcome(PAGE, spot("li", "after")) == "gave up: end in doubt"


def test_the_end_of_the_body_is_its_end_tag() -> None:
    assert b"</p>{0}</body>" in filled(PAGE, spot("body", "append"))
    assert outcome(b"<body><div></body>", spot("body", "append")) == "gave up: end not seen"


@pytest.mark.parametrize(
    ("page", "wanted"),
    [
        (b"<br class=x>", spot(".x", "prepend")),
        (b"<br class=x>", spot(".x", "append")),
        (b"<textarea class=x></textarea>", spot(".x", "prepend")),
        (b"<title class=x></title>", spot(".x", "append")),
        (b"<template class=x></template>", spot(".x", "prepend")),
        (b"<body class=x>", spot(".x")),
        (b"<table><form class=x></table>", spot(".x", "prepend")),
    ],
)
def test_where_nothing_can_stand_nothing_is_put(page: bytes, wanted: object) -> None:
    assert outcome(page, wanted) == "gave up: no place there"  # type: ignore[arg-type]


def test_what_comes_behind_a_void_element_or_a_text_area_comes_behind_its_tag() -> None:
    assert filled(b"<p><br>a", spot("br", "after")) == b"<p><br>{0}a"
    assert (
        filled(b"<p><textarea>a</p></textarea >b", spot("textarea", "after")) == b"<p><textarea>a</p></textarea >{0}b"
    )


def test_several_gaps_in_one_place_come_in_order() -> None:
    spots = [spot("b", "before"), spot("p", "append"), spot("p", "prepend"), spot("p", "after")]
    assert filled(b"<p><b>a</b></p>", *spots) == b"<p>{2}{0}<b>a</b>{1}</p>{3}"


def test_names_are_compared_without_case_and_all_else_with_it() -> None:
    page = b"<!DOCTYPE html><P ID=A CLASS=b>"
    assert [outcome(page, spot(text)) for text in ("p", "P#A", "[class]", ".b")] == ["found"] * 4
    assert [outcome(page, spot(text)) for text in ("#a", ".B", "[id=a]")] == ["not found"] * 3


def test_a_gap_tells_the_attributes_with_their_references_read() -> None:
    page = b"<p title=\"a&amp;b&#x20AC;&notit;&copy=1&eacute\" TITLE=no data-K='1\r\n2'>"
    gaps = run(Splicer([spot("p")]), [page])[1]
    assert gaps[0].attributes == {"title": "a&b€&notit;&copy=1é", "data-k": "1\n2"}


def test_values_are_read_in_the_charset_of_the_page() -> None:
    splicer = Splicer([spot("[title=é]")], charset="latin-1")
    assert run(splicer, [b"<p title=\xe9>"])[0] == b"{0}<p title=\xe9>"
    assert outcome(b"<p title=\xe9>", spot("[title=é]")) == "not found"
    assert outcome(b"<p title=&eacute;>", spot("[title=é]")) == "found"


@pytest.mark.parametrize(
    "page",
    [
        b"<!--<p>-->", b"<!--><!--p><p>-->", b"<!-- --!-- ><p>", b"<script><p></script>", b"<textarea><p></textarea>",
        b"<script><!--<script></script><p>--></script>", b"<style></styl><p></style>", b"<title><p></title>",
        b"<xmp><p>", b"<iframe><p></iframe>", b"<noembed><p></noembed>", b"<noframes><p></noframes>", b"<div title='<p>'>",
        b"<template><p></template>", b"<svg><![CDATA[<p>]]></svg>", b"<plaintext><p>", b"<!p <p>", b"</ <p>",
        b"<?p <p>",
        b"<p", b"<p title='>", b"< p>", b"<\0p>", b"<head-p>", b"<!doctype p <p>", b"</div <p>",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_tag_is_none(page: bytes) -> None:
    assert filled(page, spot("p")) == page


@pytest.mark.parametrize(
    "page",
    [
        b"<!--><p>-->", b"<!---><p>-->", b"<!-- --!><p>", b"<!----><p>", b"<!--a--!><p>", b"<!-- <!--><p>",
        b"<script><!--><script></script><p>", b"<script></scripty></script\n><p>", b"<div><![CDATA[><p>]]></div>",
        b"<!><p>", b"</><p>", b"<?><p>", b"<title></title/><p>", b"<P\0><p>", b"<script><!--<script>--></script><p>",
        b"<style><!--</style><p>-->", b"<div =><p>", b"<div a='b'c=\"d\"><p>", b"<div a=b'><p>", b"<svg/><p>",
    ],
)  # fmt: skip
def test_what_is_a_tag_all_the_same_is_found(page: bytes) -> None:
    assert outcome(page, spot("p")) == "found"


@pytest.mark.parametrize(
    ("page", "selector"),
    [
        (b"<b><p>a</b>b</p><div><p class=x>", "body > .x"),
        (b"<p><b>a<p>b<i class=x>", "p > .x"),
        (b"<table><div><p class=x>", "div > .x"),
        (b"<a class=x><div></a><a class=x>", "div > .x"),
        (b"<svg class=x></svg><p class=x>", ".x"),
        (b"<svg><foreignObject></svg><p class=x>", ".x"),
        (b"<svg><p class=x>", ".x"),
        (b"<math><mi><b></math><p class=x>", ".x"),
        (b"<p>a<body class=x>", ".x"),
        (b"<html><html class=x>", ".x"),
        (b"<p>a<frameset><p class=x>", ".x"),
        (b"a</p><p>", "p"),
        (b"<table><td></td></table><table><tbody>", "tbody"),
        (b"<noscript><p></noscript><p>", "p"),
        (b"<select><p class=x></select><p class=x>", ".x"),
        (b"<p>" + b"<i>" * 300 + b"<b>", "b"),
        (b"<form><div></form><p class=x>", ".x"),
        (b'<!DOCTYPE html PUBLIC "other"><p><table class=x>', ".x"),
    ],
)
def test_where_the_structure_is_in_doubt_nothing_is_put(page: bytes, selector: str) -> None:
    assert filled(page, spot(selector)) == page
    assert outcome(page, spot(selector)).startswith("gave up: ")


def test_doubt_about_ancestors_leaves_what_needs_none() -> None:
    page = b"<b><p>a</b>b</p><div><p class=x>c</p>"
    assert filled(page, spot(".x"), spot(".x", "prepend")) == page.replace(b"<p class=x>", b"{0}<p class=x>{1}")
    assert outcome(page, spot(".x", "append")) == "gave up: end in doubt"


def test_doubt_in_a_cell_ends_with_the_cell() -> None:
    page = b"<table><td><b><p>a</b></p></td><td><i class=x>c</i></td></table>"
    assert filled(page, spot("td > .x", "after")) == page.replace(b"</i>", b"</i>{0}")


def test_the_field_of_the_same_form_comes_with_the_gap() -> None:
    page = (
        b"<form><input name=user value=other></form><form><input type=text name=user value='a&amp;b'><p><button>"
        b"<input name=late value=1></form>"
    )
    wanted = [spot("form p button", field="user"), spot("form p button", field="late"), spot("button", field="none")]
    assert [gap.field for gap in run(Splicer(wanted), [page])[1]] == ["a&b", None, None]


@pytest.mark.parametrize(
    ("fields", "value"),
    [
        (b"<input name=u>", ""),
        (b"<input name=u value=1><input name=u value=1>", None),
        (b"<input name=u value=1 form=other>", None),
        (b"<input name=u value=1 type=SUBMIT>", None),
        (b"<input name=u value=1 type=radio><input name=u value=2 type=radio checked>", "2"),
        (b"<input name=u type=checkbox checked>", "on"),
        (b"<select name=u><option value=1><option value=2 selected></select>", "2"),
        (b"<select name=u><option>a<option selected> b \n c </select>", "b c"),
        (b"<select name=u><option value=1></select>", None),
        (b"<datalist><option value=1 selected></datalist>", None),
        (b"<textarea name=u>\n<b>&lt;</textarea>", "<b><"),
        (b"<textarea name=u>a&notit;</textarea>", "a&notit;"),
        (b"<textarea name=u>a&not b</textarea>", None),
        (b"<noscript><input name=u value=1></noscript>", None),
    ],
)
def test_the_value_is_the_one_that_the_form_shows(fields: bytes, value: str | None) -> None:
    for size in (1, 1000):
        page = b"<form>" + fields + b"<p class=x></form>"
        chunks = [page[at : at + size] for at in range(0, len(page), size)]
        assert [gap.field for gap in run(Splicer([spot(".x", field="u")]), chunks)[1]] == [value]


def test_a_form_in_a_table_has_its_fields_in_the_cells() -> None:
    page = b"<table><form><tr><td><input name=u value=1><td><a class=x></table>"
    assert [gap.field for gap in run(Splicer([spot(".x", field="u")]), [page])[1]] == ["1"]


def test_behind_the_limit_the_page_goes_through() -> None:
    page = b"<p>" * 10 + b"<i class=x>"
    assert outcome(page, spot(".x"), limit_bytes=30) == "limit reached"
    assert outcome(page, spot(".x"), limit_bytes=41) == "found"


def test_each_match_moves_the_limit() -> None:
    page = (b"<p>" + b" " * 20) * 10
    splicer = Splicer([spot("p", is_every=True)], 25)
    assert run(splicer, [page])[0].count(b"{0}") == 10


def test_a_charset_that_is_no_ascii_ends_the_search() -> None:
    assert outcome(b"<i>\x1b$B<p>", spot("p")) == "gave up: escape sequence"
    assert outcome(b"<p>\x1b$B", spot("p")) == "found"
    for page in ("\ufeff<p>".encode("utf-16-le"), "\ufeff<p>".encode("utf-16-be")):
        assert outcome(page, spot("p")) == "gave up: UTF-16"
        assert outcome("<p>".encode("utf-16-le"), spot("p")) == "not found"
    assert outcome(b"\xef\xbb\xbf<body class=x>", spot(".x", "prepend")) == "found"


def test_bytes_pass_as_soon_as_they_can_be_no_match() -> None:
    splicer = Splicer([spot(".x")])
    sent: list[bytes] = []
    for chunk in (b"<p>a", b"b<", b"p class=", b"y>c<!-- ", b"-->", b"<p class=x>"):
        sent.append(b"".join(piece for piece in splicer.feed(chunk) if isinstance(piece, bytes)))
    assert sent == [b"<p>a", b"b", b"", b"<p class=y>c", b"<!-- -->", b"<p class=x>"]


def test_behind_the_last_match_chunks_pass_as_they_are() -> None:
    splicer = Splicer([spot("p")])
    assert len(list(splicer.feed(b"<p>"))) == 2
    chunk = b"<p>" * 10
    assert list(splicer.feed(chunk)) == [chunk]
    assert next(iter(splicer.feed(chunk))) is chunk


def test_a_page_without_spots_passes() -> None:
    assert filled(b"<p>") == b"<p>"
