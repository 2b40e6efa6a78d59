"""What a theme may bring, and what it may not."""

from __future__ import annotations

from typing import Any

import pytest

from twofa_middleware.errors import ConfigError
from twofa_middleware.pages.themes import address, checked, file_of, line
from twofa_middleware.protocol import Look

FILES = {"a.css": b"body { color: red }", "logo.svg": b"<svg/>"}
VALUES = {
    "product": "A <b> & Co",
    "app": "Shop",
    "support": "",
    "home": "/shop/",
    "logo": "/2fa/static/theme/logo.svg?1",
}


def refusal(**look: Any) -> str:
    with pytest.raises(ConfigError) as refused:
        checked("blue", Look(**look))
    return str(refused.value)


def test_files_are_served_by_their_names_with_a_mark_that_changes_with_them() -> None:
    look = checked("blue", Look(FILES, sheets=("a.css",), logo="logo.svg"))
    name, _, mark = address(look, "a.css").partition("?")
    assert file_of(look, name) == (b"text/css; charset=utf-8", FILES["a.css"])
    assert file_of(look, "a.css") is file_of(look, "theme/b.css") is None
    assert mark != address(Look({"a.css": b"other"}), "a.css").partition("?")[2]


@pytest.mark.parametrize("name", ["a.js", "a.html", "a.woff2", "../a.css", "a/b.css", ".css", "A.css", "a.css\n"])
def test_no_script_no_font_and_no_odd_name_is_served(name: str) -> None:
    assert "may not be served" in refusal(files={name: b""})


def test_what_is_named_has_to_be_there_and_of_its_kind() -> None:
    assert refusal(files=FILES, sheets=("b.css",)) == 'blue: there is no file "b.css"'
    assert "a sheet is a file .css" in refusal(files=FILES, sheets=("logo.svg",))
    assert "a sheet is a file .css" in refusal(files=FILES, logo="a.css")
    assert "has more than 1048576 bytes" in refusal(files={"a.css": b"x" * 1048577})


@pytest.mark.parametrize(
    "html",
    [
        "",
        '<p class="x">Help: <a href="https://help.example.org/a?b=1">here</a><br>{{ support }}</p>',
        '<a href="{{ home }}"><img src="{{logo}}" alt="" width="24"></a> <strong>{{ product }}</strong> &amp; {{ app }}',
        '<a href="mailto:help@example.org">Mail</a> <a href="/imprint" aria-label="Imprint">i</a>',
    ],
)
def test_plain_html_and_names_may_stand_there(html: str) -> None:
    assert checked("blue", Look(header=html, footer=html)).footer == html


@pytest.mark.parametrize(
    ("html", "message"),
    [
        ("<script>alert(1)</script>", "<script> may not stand there"),
        ("<form action='https://evil.example.org'></form>", "<form> may not stand there"),
        ("<input name=code>", "<input> may not stand there"),
        ("<button>Continue</button>", "<button> may not stand there"),
        ("<style>.code { display: none }</style>", "<style> may not stand there"),
        ("<base href='https://evil.example.org/'>", "<base> may not stand there"),
        ("<meta http-equiv=refresh>", "<meta> may not stand there"),
        ("<iframe></iframe>", "<iframe> may not stand there"),
        ("<svg></svg>", "<svg> may not stand there"),
        ("<p onclick='x'>a</p>", "<p onclick> may not stand there"),
        ("<p style='x'>a</p>", "<p style> may not stand there"),
        ("<p id='code'>a</p>", "<p id> may not stand there"),
        ("<a href='javascript:alert(1)'>a</a>", "is no address that may stand there"),
        ("<a href='//evil.example.org'>a</a>", "is no address that may stand there"),
        ("<a href='{{ product }}'>a</a>", "is no address that may stand there"),
        ("<a href=''>a</a>", "is no address that may stand there"),
        ("<p>a", "<p> is not closed"),
        ("<p><b>a</p></b>", "</p> closes nothing"),
        ("</main>", "</main> closes nothing"),
        ("<p", "a tag is not closed"),
        ("<!-- a", "a tag is not closed"),
        ("<!-- a -->", "a comment may not stand there"),
        ("<!doctype html>", "a declaration may not stand there"),
        ("<?php ?>", "a declaration may not stand there"),
        ("<![CDATA[a]]>", "may not stand there"),
        ("{% include 'setup.html' %}", "only names stand in braces"),
        ("{{ token }}", "nothing is called token"),
        ("{{ product.__class__ }}", "only names stand in braces"),
        ("{{ 7 * 7 }}", "only names stand in braces"),
    ],
)
def test_nothing_that_acts_and_nothing_that_swallows_the_form_stands_there(html: str, message: str) -> None:
    assert message in refusal(footer=html)
    assert refusal(header=html).startswith("blue: header: ")


def test_what_stands_for_a_name_is_escaped() -> None:
    assert line('<b>{{ product }}</b> {{home}} <img src="{{ logo }}">', VALUES) == (
        '<b>A &lt;b&gt; &amp; Co</b> /shop/ <img src="/2fa/static/theme/logo.svg?1">'
    )
