"""Which answers get a control, and what stays as the app has sent it: codings, charsets, ranges, XHTML, odd markup."""

from __future__ import annotations

from typing import Any

import pytest

from support.exchange import Reply
from support.spy import Behaviour, Call, Told
from support.stage import Open, Stage
from support.visitor import Visitor

LINK = b'<a href="/2fa/setup?next=/page">Enable Two-Factor Authentication</a>'
PAGE = b'<!doctype html><p id="here">a page</p><p>more</p>'
INSERT: dict[str, Any] = {"path": "/page", "selector": "#here", "position": "after", "what": "profile-link"}
HTML = "text/html; charset=utf-8"


@pytest.fixture
def told(open_stage: Open) -> Any:
    """``told(answer)``: what erin gets of a page that the app answers so."""

    def opened(answer: Told | Behaviour, method: str = "GET", **shop: Any) -> tuple[Reply, Stage]:
        behaviour = answer if callable(answer) else lambda call: answer
        stage = open_stage(routes={"/page": behaviour}, shop={"inserts": [INSERT]} | shop)
        return stage.visitor("erin").go("/page", method), stage

    return opened


def warned(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [line for line in caplog.messages if "a control has no place in its page" in line]


def test_a_page_gets_its_control_and_nothing_else(told: Any) -> None:
    headers = [("Content-Type", HTML), ("ETag", '"1"'), ("Last-Modified", "x"), ("Content-Length", str(len(PAGE)))]
    reply, _ = told(Told(200, [*headers, ("X-App", "y"), ("Content-Security-Policy", "default-src 'none'")], PAGE))
    assert reply.body == PAGE.replace(b"</p><p>", b"</p>" + LINK + b"<p>")
    assert reply.header("x-app") == "y"
    assert reply.header("content-security-policy") == "default-src 'none'"
    assert [reply.header(name) for name in ("etag", "last-modified")] == [None, None]
    assert reply.header("content-length") in (None, str(len(reply.body)))
    assert reply.header("cache-control") == "private, no-store"


@pytest.mark.parametrize(
    "answer",
    [
        Told(206, [("Content-Type", HTML), ("Content-Range", "bytes 0-9/99")], PAGE),
        Told(404, [("Content-Type", HTML)], PAGE),
        Told(500, [("Content-Type", HTML)], PAGE),
        Told(200, [("Content-Type", "text/plain")], PAGE),
        Told(200, [("Content-Type", "application/json")], PAGE),
        Told(200, [("Content-Type", HTML), ("Content-Encoding", "gzip")], PAGE),
        Told(200, [("Content-Type", "text/html; charset=utf-16")], PAGE),
        Told(200, [("Content-Type", "text/html; charset=iso-2022-jp")], PAGE),
        Told(200, [("Content-Type", 'text/html; charset="UTF-7"')], PAGE),
    ],
)
def test_what_is_no_whole_plain_page_stays_as_it_is(told: Any, answer: Told) -> None:
    reply, _ = told(answer)
    assert reply.body == PAGE
    assert all(pair in reply.headers for pair in answer.headers)
    assert reply.header("cache-control") is None


@pytest.mark.parametrize(
    "charset", ["", "; charset=iso-8859-1", '; charset="windows-1252"', "; charset=UTF-8", ";charset=KOI8-R"]
)
def test_a_page_in_a_charset_that_writes_ascii_as_ascii_does_gets_its_control(told: Any, charset: str) -> None:
    page = PAGE + b"\xe4\xff"
    reply, _ = told(Told(200, [("Content-Type", "text/html" + charset)], page))
    assert reply.body == page.replace(b"</p><p>", b"</p>" + LINK + b"<p>")


def test_a_form_that_the_app_gives_back_with_its_faults_gets_its_control_again(told: Any) -> None:
    reply, _ = told(Told(422, [("Content-Type", HTML)], PAGE))
    assert LINK in reply.body


def test_a_head_request_gets_the_headers_of_the_page_that_a_get_would_get(
    told: Any, caplog: pytest.LogCaptureFixture
) -> None:
    reply, _ = told(Told(200, [("Content-Type", HTML), ("ETag", '"1"'), ("Content-Length", "49")], PAGE), "HEAD")
    assert (reply.status, reply.body) == (200, b"")
    assert (reply.header("etag"), reply.header("cache-control")) == (None, "private, no-store")
    assert warned(caplog) == []


def test_an_xhtml_page_stays_well_formed(told: Any) -> None:
    from xml.etree import ElementTree

    page = b'<html xmlns="http://www.w3.org/1999/xhtml"><body><p id="here"/><br/></body></html>'
    reply, _ = told(Told(200, [("Content-Type", "application/xhtml+xml")], page))
    assert LINK in reply.body
    ElementTree.fromstring(reply.text)


@pytest.mark.parametrize(
    "page",
    [
        b"<!doctype html><p>no place</p>",
        b'<!doctype html><script>"<p id=here></p>"</script><!-- <p id="here"></p> --><textarea><p id="here"></p></textarea>',
        b'<!doctype html><template><p id="here"></p></template>',
        b"\xff\xfe<\x00p\x00 \x00i\x00d\x00=\x00h\x00e\x00r\x00e\x00>\x00",
        b"<!doctype html>" + b"<b>x</b>" * 20_000 + b'<p id="here"></p>',
    ],
    ids=["none", "in script, comment and textarea", "in a template", "UTF-16", "beyond the limit"],
)
def test_a_page_without_the_place_goes_through_and_a_warning_says_so(
    told: Any, caplog: pytest.LogCaptureFixture, page: bytes
) -> None:
    reply, _ = told(Told(200, [("Content-Type", "text/html")], page))
    assert reply.body == page
    (line,) = warned(caplog)
    assert "#here" in line


def test_the_limit_can_be_set(told: Any) -> None:
    page = b"<!doctype html>" + b"<b>x</b>" * 20_000 + PAGE
    reply, _ = told(Told(200, [("Content-Type", "text/html")], page), scan_limit_bytes=1_000_000)
    assert LINK in reply.body


def test_nobody_who_is_logged_in_gets_the_apps_page_byte_for_byte(told: Any) -> None:
    _, stage = told(Told(200, [("Content-Type", HTML), ("ETag", '"1"')], PAGE))
    reply = stage.visitor().go("/page", headers=[("Accept-Encoding", "br"), ("If-None-Match", '"0"')])
    assert (reply.body, reply.header("etag"), reply.header("cache-control")) == (PAGE, '"1"', None)
    call = stage.spy.calls[-1]
    assert (call.headers["accept-encoding"], call.headers["if-none-match"]) == ("br", '"0"')


@pytest.mark.parametrize("path", ["//page", "/./page", "/page;x", "/%70age"])
def test_an_odd_spelling_of_the_path_gets_no_control(open_stage: Open, path: str) -> None:
    def anything(call: Call) -> Told:
        return Told(200, [("Content-Type", HTML)], PAGE)

    stage = open_stage(
        routes=dict.fromkeys(("//page", "/./page", "/page;x", "/page"), anything), shop={"inserts": [INSERT]}
    )
    assert stage.visitor("erin").go(path).body == PAGE


def test_a_template_of_the_integrators_own_is_drawn(open_stage: Open) -> None:
    stage = open_stage()
    (stage.realm.folder / "mine.html").write_text("<em>{{ user }} {{ 'on' if is_on else 'off' }} {{ address }}</em>")
    insert = INSERT | {"what": "template", "template": "mine.html"}
    routes: dict[str, Behaviour] = {"/page": lambda call: Told(200, [("Content-Type", HTML)], PAGE)}
    reply = open_stage(routes=routes, shop={"inserts": [insert]}).visitor("<b>erin").go("/page")
    assert b"<em>&lt;b&gt;erin off /2fa/setup?next=/page</em>" in reply.body


def test_names_outside_ascii_are_written_so_that_any_charset_has_them(open_stage: Open) -> None:
    stage = open_stage()
    (stage.realm.folder / "mine.html").write_text("<em>Zoë</em>", encoding="utf-8")
    insert = INSERT | {"what": "template", "template": "mine.html"}
    routes: dict[str, Behaviour] = {
        "/page": lambda call: Told(200, [("Content-Type", "text/html; charset=iso-8859-1")], PAGE)
    }
    reply = open_stage(routes=routes, shop={"inserts": [insert]}).visitor("erin").go("/page")
    assert b"<em>Zo&#235;</em>" in reply.body


def test_under_a_mount_the_links_lead_below_it(open_stage: Open) -> None:
    routes: dict[str, Behaviour] = {"/page": lambda call: Told(200, [("Content-Type", HTML)], PAGE)}
    visitor: Visitor = open_stage(routes=routes, shop={"inserts": [INSERT]}).visitor("erin", root="/portal")
    assert b'href="/portal/2fa/setup?next=/portal/page"' in visitor.go("/page").body
