"""Pages that are served as XML."""

from __future__ import annotations

import pytest

from core.inserts.pages import filled, outcome, run, spot
from twofa_middleware.inserts.splicer import Splicer, Spot

HTML = b'<html xmlns="http://www.w3.org/1999/xhtml">'


def page(body: bytes) -> bytes:
    return b'<?xml version="1.0"?>\n<!DOCTYPE html>\n' + HTML + b"<head><title>a</title></head>" + body + b"</html>\n"


def test_a_gap_comes_before_inside_and_after_the_element() -> None:
    source = page(b"<body><div id='m'><p/><p>a</p></div></body>")
    spots = [spot("#m > p"), spot("#m", "append"), spot("body", "append"), spot("p", "after", is_every=True)]
    expected = page(b"<body><div id='m'>{0}<p/>{3}<p>a</p>{3}{1}</div>{2}</body>")
    assert filled(source, *spots, is_xml=True) == expected


@pytest.mark.parametrize("size", [1, 2, 7])
def test_chunks_make_no_difference(size: int) -> None:
    source = page(
        b"<body><!-- <p> --><?p <p>?><![CDATA[<p>]]><form><input name='u' value='1'/><p >a</p ></form></body>"
    )
    splicer = Splicer([spot("form p", "append", field="u")], is_xml=True)
    text, gaps = run(splicer, [source[at : at + size] for at in range(0, len(source), size)])
    assert text == source.replace(b"<p >a", b"<p >a{0}")
    assert gaps[0].field == "1"


def test_names_are_compared_by_their_case() -> None:
    assert outcome(page(b"<P/>"), spot("p"), is_xml=True) == "not found"
    assert outcome(page(b"<p ID='a' CLASS='b'/>"), spot("#a"), is_xml=True) == "not found"


def test_a_script_is_no_raw_text_and_a_paragraph_no_end_of_another() -> None:
    assert filled(page(b"<script><p/></script>"), spot("script > p"), is_xml=True).count(b"{0}") == 1
    assert filled(page(b"<p><div class='x'/></p>"), spot("p > .x"), is_xml=True).count(b"{0}") == 1


def test_an_element_closed_in_its_tag_has_no_inside() -> None:
    assert outcome(page(b"<div/>"), spot("div", "prepend"), is_xml=True) == "gave up: no place there"
    assert outcome(page(b"<div></div>"), spot("div", "prepend"), is_xml=True) == "found"


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><p/></svg>", spot("p")),
        (b"<x:p xmlns:x='urn:x'/>", spot("p")),
        (b"<noscript><p/></noscript>", spot("p")),
        (b"<b></i><p/>", spot("p")),
        (b"<b a=1/><p/>", spot("p")),
        (b"<b a='1' a='2'/><p/>", spot("p")),
        (b"<b a='&copy'/><p/>", spot("p")),
        (b"<b a='<'/><p/>", spot("p")),
        (b"<!-- -- --><p/>", spot("p")),
        (b"<br></br><p/>", spot("p")),
        (b"< b/><p/>", spot("p")),
        (b"<!DOCTYPE html [<!ENTITY a '<p/>'>]><p/>", spot("p")),
    ],
)
def test_what_is_malformed_or_of_another_language_ends_the_search(body: bytes, wanted: Spot) -> None:
    assert outcome(page(body), wanted, is_xml=True).startswith("gave up: ")


def test_a_page_that_is_no_xhtml_has_no_place() -> None:
    assert outcome(b"<html><p/></html>", spot("p"), is_xml=True).startswith("gave up: ")


def test_nothing_in_a_template_is_a_place() -> None:
    assert outcome(page(b"<template><p/></template>"), spot("p"), is_xml=True) == "not found"
