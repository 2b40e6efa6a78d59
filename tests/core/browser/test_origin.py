"""Where a request comes from, and where a browser may be sent."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from twofa_middleware.browser.origin import (
    MAX_NEXT,
    is_origin,
    is_own_form,
    is_own_websocket,
    is_the_page,
    leads_below,
    leads_to,
    local_path,
    path_on,
)
from twofa_middleware.http import Request

SHOP = "https://shop.example.org"
ORIGINS = (SHOP, "https://www.example.org:8443")


def asked(*headers: tuple[bytes, bytes]) -> Request:
    return Request("http", "POST", "", "/2fa/verify", None, b"", headers, {}, 0)


# ---- our own forms --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ((b"origin", SHOP.encode()),),
        ((b"sec-fetch-site", b"same-origin"),),
        ((b"sec-fetch-site", b"same-origin"), (b"origin", b"https://www.example.org:8443")),
    ],
)
def test_a_form_of_ours_comes_from_here_or_the_browser_does_not_say(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    assert is_own_form(asked(*headers), ORIGINS)


@pytest.mark.parametrize(
    "site", [b"cross-site", b"same-site", b"none", b"", b"Same-Origin", b"same-origin, same-origin"]
)
def test_a102_a_form_of_another_site_is_refused_whatever_its_origin(site: bytes) -> None:
    assert not is_own_form(asked((b"sec-fetch-site", site)), ORIGINS)
    assert not is_own_form(asked((b"sec-fetch-site", site), (b"origin", SHOP.encode())), ORIGINS)


ODD_ORIGINS = [
    b"null", b"", b"https://evil.example", b"http://shop.example.org", b"https://shop.example.org.evil.example", b"https://evilshop.example.org",
    b"https://shop.example.org:8443", b"https://shop.example.org/", b"https://SHOP.example.org", b"https://example.org", b"https://a.shop.example.org",
    b"shop.example.org", b"https://shop.example.org, https://shop.example.org", b"\xff", b"https://shop.example.org\0", b"file://",
]  # fmt: skip


@pytest.mark.parametrize("origin", ODD_ORIGINS)
def test_a102_an_origin_that_is_not_a_configured_one_is_refused(origin: bytes) -> None:
    assert not is_own_form(asked((b"origin", origin)), ORIGINS)
    assert not is_own_form(asked((b"origin", origin), (b"sec-fetch-site", b"same-origin")), ORIGINS)
    assert not is_own_websocket(asked((b"origin", origin)), ORIGINS)


def test_a102_what_is_sent_twice_is_believed_in_neither_form() -> None:
    assert not is_own_form(asked((b"origin", SHOP.encode()), (b"origin", SHOP.encode())), ORIGINS)
    assert not is_own_form(asked((b"sec-fetch-site", b"same-origin"), (b"sec-fetch-site", b"same-origin")), ORIGINS)
    assert not is_own_websocket(asked((b"origin", SHOP.encode()), (b"origin", SHOP.encode())), ORIGINS)


def test_a101_no_other_header_says_what_our_origin_is() -> None:
    evil = ((b"host", b"evil.example"), (b"x-forwarded-host", b"evil.example"), (b"forwarded", b"host=evil.example"))
    assert not is_own_form(asked((b"origin", b"https://evil.example"), *evil), ORIGINS)


def test_a014_a_websocket_comes_from_a_page_of_the_app_or_from_no_browser() -> None:
    assert is_own_websocket(asked(), ORIGINS)
    assert is_own_websocket(asked((b"origin", SHOP.encode())), ORIGINS)
    assert is_own_websocket(asked((b"sec-fetch-site", b"same-origin")), ORIGINS)


@pytest.mark.parametrize("sites", [[b"cross-site"], [b"same-site"], [b"none"], [b""], [b"same-origin", b"same-origin"]])
def test_a014_a_browser_whose_origin_got_lost_is_believed_no_further_than_its_metadata(sites: list[bytes]) -> None:
    assert not is_own_websocket(asked(*((b"sec-fetch-site", site) for site in sites)), ORIGINS)


# ---- where a browser may be sent ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/", "/home", "/home?page=2&next=//evil.example", "/a/b/#part", "/100%25", "/%2f%2fevil.example", "/a;b", "/?", "/a//b", "/@evil.example", "/:80", "/%5cevil.example"],
)  # fmt: skip
def test_a_path_of_our_own_is_itself(path: str) -> None:
    assert local_path(path) == path
    assert path_on(path, ORIGINS) == path


EVIL = [
    "", "//evil.example", "///evil.example", "/\\evil.example", "\\/evil.example", "\\\\evil.example", "/\t/evil.example", "/\n/evil.example",
    "/\r\nSet-Cookie: a=b", "/a\r\nLocation: //evil.example", "/a\0", "/a\x7f", "https:evil.example", "https:/evil.example", "https://evil.example",
    "https:///evil.example", "javascript:alert(1)", "data:text/html,x", " //evil.example", " /home", "/home ", "/a b", "home", "evil.example", "?next",
    "#part", ".", "..", "../x", "@evil.example", "/\u2044evil.example", "/\uff0fevil.example", "\uff0f/evil.example", "/ä", "/\u202e", "/\udcff",
    "/\\\tevil.example", "http:\\\\evil.example", "//\\evil.example", "/" + "a" * MAX_NEXT, "/a\\b", "\t/home", "\x01/home", "/.\\evil.example",
    "https://shop.example.org@evil.example/", "https://shop.example.org.evil.example/", "http://shop.example.org/", "//shop.example.org/",
    "https://shop.example.org:8443/", "https://shop.example.org:443/", "https://shop.example.org\\@evil.example/", "https://[::1/", "ftp://shop.example.org/",
    "https://shop.example.org//evil.example/", "https://shop.example.org/\\evil.example", "https://user@shop.example.org/", "https://shop.example.org/\u00e4",
]  # fmt: skip


@pytest.mark.parametrize("text", EVIL)
def test_a089_nothing_else_is_a_place_to_go_to(text: str) -> None:
    assert local_path(text) is None
    assert path_on(text, ORIGINS) is None


@given(st.text() | st.lists(st.sampled_from([*EVIL, "/", "\\", ":", "@", "#", "?"])).map("".join))
@example("/;//evil.example")
def test_a089_a_local_path_stays_on_every_origin(text: str) -> None:
    path = local_path(text)
    if path is not None:
        assert path.startswith("/")
        assert not path.startswith(("//", "/\\"))
        assert path.isascii()
        assert path.isprintable()
        for base in ("https://shop.example.org/a/b", "http://localhost:8000/"):
            joined, here = urlsplit(urljoin(base, path)), urlsplit(base)
            assert (joined.scheme, joined.netloc) == (here.scheme, here.netloc)


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("https://shop.example.org", "/"),
        ("https://shop.example.org/", "/"),
        ("https://shop.example.org/home?a=1", "/home?a=1"),
        ("https://shop.example.org?a=1", "/?a=1"),
        ("https://shop.example.org/home#part", "/home"),
        ("HTTPS://Shop.Example.Org/Home", "/Home"),
        ("https://www.example.org:8443/x", "/x"),
    ],
)
def test_an_address_on_an_origin_of_the_app_is_a_path(location: str, path: str) -> None:
    assert path_on(location, ORIGINS) == path


@given(st.text() | st.text().map(lambda text: SHOP + text) | st.text().map(lambda text: SHOP + "/" + text))
@example(SHOP + "//evil.example")
@example(SHOP + "/\t/evil.example")
def test_a089_where_a_location_leads_is_a_local_path_or_nowhere(text: str) -> None:
    path = path_on(text, ORIGINS)
    assert path is None or local_path(path) == path


def test_the_longest_place_is_still_one() -> None:
    assert local_path("/" + "a" * (MAX_NEXT - 1)) is not None


@pytest.mark.parametrize("text", [SHOP, "http://localhost:8000", "https://[::1]:8443", "http://a_b.example"])
def test_an_origin_is_scheme_host_and_port(text: str) -> None:
    assert is_origin(text)


@pytest.mark.parametrize(
    "text", ["null", "", SHOP + "/", "ftp://shop.example.org", "https://", "HTTPS://SHOP", "https://a@b"]
)
def test_nothing_else_is_an_origin(text: str) -> None:
    assert not is_origin(text)


@pytest.mark.parametrize(
    ("headers", "path"),
    [
        ([(b"location", b"/home")], "/home"),
        ([(b"Location", b"https://shop.example.org/home?a=1")], "/home?a=1"),
        ([(b"content-type", b"text/html"), (b"location", b"/home")], "/home"),
        ([(b"location", b"https://evil.example/home")], None),
        ([(b"location", b"/\xe4")], None),
        ([(b"location", b"/home"), (b"Location", b"/other")], None),
        ([(b"location", b"/home"), (b"location", b"/home")], None),
        ([(b"x-location", b"/home")], None),
        ([], None),
    ],
)
def test_a089_an_answer_leads_to_a_place_only_if_it_says_so_once(
    headers: list[tuple[bytes, bytes]], path: str | None
) -> None:
    assert leads_to(tuple(headers), ORIGINS) == path


@pytest.mark.parametrize(
    ("location", "root", "below"),
    [
        (b"/home", "", "/home"),
        (b"/home?next=/x#part", "", "/home"),
        (b"/home#part?x", "", "/home"),
        (b"/shop/home", "/shop", "/home"),
        (b"/shop/", "/shop", "/"),
        (b"/shop/shop/home?x", "/shop", "/shop/home"),
        (b"https://shop.example.org/shop/home?x", "/shop", "/home"),
        (b"/a%20b/home", "/a%20b", "/home"),
        (b"/shop", "/shop", None),
        (b"/shop?x", "/shop", None),
        (b"/shops/home", "/shop", None),
        (b"/other/home", "/shop", None),
        (b"//evil.example/shop/home", "/shop", None),
    ],
)
def test_an_answer_leads_below_the_apps_root_or_elsewhere(location: bytes, root: str, below: str | None) -> None:
    assert leads_below(((b"location", location),), ORIGINS, root) == below
    assert leads_below((), ORIGINS, root) is None


@pytest.mark.parametrize(
    ("reference", "base"),
    [
        ("", ""),
        ("?page=2", ""),
        ("#part", ""),
        ("/a/page", ""),
        ("page", ""),
        (" page ", ""),
        ("../a/page?x=1", ""),
        (SHOP + "/a/page", ""),
        ("HTTPS://Shop.Example.org/a/page", ""),
        ("//shop.example.org/a/page", ""),
        ("page", "/a/"),
        ("page", " /a/other "),
        ("a/page", SHOP + "/"),
    ],
)
def test_a_reference_is_the_page_however_it_is_written(reference: str, base: str) -> None:
    assert is_the_page(reference, "/a/page", ORIGINS, base)
    assert is_the_page(reference, "/a/page", (SHOP,), base)


@pytest.mark.parametrize(
    ("reference", "base"),
    [
        ("other", ""),
        ("/page", ""),
        ("/A/page", ""),
        ("https://evil.example/a/page", ""),
        ("//evil.example/a/page", ""),
        ("http://shop.example.org/a/page", ""),
        ("page", "https://evil.example/a/"),
        ("page", "/b/"),
        ("", "/b/page"),
        ("https://[::1/a/page", ""),
        ("page", "https://[::1/"),
        ("javascript:alert(1)", ""),
        ("Xpage", ""),
        ("page", "X/a/"),
    ],
)
def test_a_reference_to_anything_else_is_not_the_page(reference: str, base: str) -> None:
    assert not is_the_page(reference, "/a/page", ORIGINS, base)
