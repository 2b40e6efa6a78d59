"""Names that people and settings bring along, on our pages and in the phone. Attacks 99, 107."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from support.realm import session_cookie
from support.stage import Open, Stage
from support.visitor import Visitor

EVIL = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "{{7*7}}",
    "</title><b>x",
    "&lt;b&gt;",
    "javascript:alert(1)",
    "a&issuer=Evil&secret=AAAA",
    "a:b%3Ac?d#e",
]


def named(stage: Stage, name: str) -> Visitor:
    visitor = stage.visitor()
    visitor.cookies["session"] = session_cookie("erin", "login-1", name)
    return visitor


class Markup(HTMLParser):
    """What a browser makes of a page: its elements with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.data = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.data += data


def pages(visitor: Visitor) -> list[str]:
    """Every page on which the name stands."""
    texts = [visitor.go("/2fa/setup?next=/x").text, visitor.set_up().text]
    visitor.clock.on(30)
    texts += [visitor.go(f"/2fa/{page}").text for page in ("account", "disable", "codes", "codes?with=recovery")]
    visitor.cookies.pop("2fa-pass-test-shop")
    texts += [visitor.go("/2fa/verify").text, visitor.verify(visitor.wrong_code()).text]
    return texts


@pytest.mark.parametrize("name", EVIL)
def test_a099_a_name_is_text_and_nothing_else(open_stage: Open, name: str) -> None:
    """The name is there to read, and no element or attribute comes of it."""
    settings: dict[str, Any] = {
        "name": name,
        "support": name,
        "shop": {"label": name},
        "enforcement": {"pinned": [name]},
        "roles": {"use": "static", "users": {"erin": [name]}},
    }
    for text in pages(named(open_stage(**settings), name)):
        page = Markup(text)
        assert name in page.data
        for tag, attributes in page.elements:
            assert tag not in ("img", "iframe", "base", "object", "style")
            assert tag != "script" or attributes["src"].startswith("/2fa/static/pages.js?")
            assert [key for key in attributes if key.startswith(("on", "style", "srcdoc"))] == []
            assert attributes.get("href", "/").startswith(("/", "otpauth://totp/", "data:image/svg+xml,"))
            assert attributes.get("action", "/2fa/").startswith("/2fa/")


@pytest.mark.parametrize("name", ["erin", *EVIL, "Erïn Ω", "a/b", "x" * 200])
def test_a099_the_phone_gets_one_name_one_issuer_and_one_secret(stage: Stage, name: str) -> None:
    page = named(stage, name).go("/2fa/setup").text
    uri = unescape(re.search(r'href="(otpauth:[^"]*)"', page)[1])  # type: ignore[index]
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("otpauth", "totp", "")
    fields = parse_qs(parts.query, strict_parsing=True)
    assert {key: len(values) for key, values in fields.items()} == {"secret": 1, "issuer": 1}
    assert fields["issuer"] == ["Test Portal"]
    issuer, colon, label = unquote(parts.path).lstrip("/").partition(":")
    assert (issuer, colon) == ("Test Portal", ":")
    assert ":" not in label
    assert label == name.replace(":", " ")


@pytest.mark.parametrize("name", ["erin\r\nX-Evil: 1", "erin\x00", "\u202enire", "a\u2028b"])
def test_a107_a_name_that_is_not_for_the_eye_is_left_out(
    stage: Stage, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    erin = named(stage, name)
    page = erin.go("/2fa/setup")
    assert '<bdi class="name">erin</bdi>' in erin.go("/2fa/account").text
    assert name not in page.text
    assert all("evil" not in key.lower() for key, _ in page.headers)
    assert all(len(record.getMessage().splitlines()) == 1 for record in caplog.records)


def test_a099_the_place_to_go_to_is_escaped(stage: Stage) -> None:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    page = erin.go("/2fa/verify?next=/x%22%3E%3Cscript%3E")
    assert 'value="/x&#34;&gt;&lt;script&gt;"' in page.text
    assert "<script>" not in page.text


def test_a099_a_device_is_named_by_us(stage: Stage) -> None:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    hidden = re.search(r'name="token" value="([^"]+)"', erin.go("/2fa/verify").text)
    cookie = "; ".join(f"{name}={value}" for name, value in erin.cookies.items())
    headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Cookie", cookie)]
    headers.append(("User-Agent", "<script>alert(1)</script> Chrome/1 \x7f" + "x" * 9000))
    body = f"token={hidden[1]}&code={erin.code()}&remember=1".encode()  # type: ignore[index]
    reply = erin.exchange.request("POST", "/2fa/verify", headers, body)
    assert reply.status == 303
    erin._keep(reply)
    page = erin.go("/2fa/account").text
    assert '<bdi class="name">Chrome</bdi>' in page
    assert "alert" not in page
