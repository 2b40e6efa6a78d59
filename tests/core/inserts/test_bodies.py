"""Our fields are taken out of a form; the app's bytes stay as they are, and what can be read in two ways is refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twofa_middleware.errors import BadRequest
from twofa_middleware.inserts.bodies import MOST_FIELD_BYTES, MOST_PARTS, Stripped, is_form, strip

URLENCODED = b"application/x-www-form-urlencoded"
MULTIPART = b"multipart/form-data; boundary=----WebKitFormBoundaryX9"
LINE = b"------WebKitFormBoundaryX9"


def part(name: bytes, value: bytes, more: bytes = b"", head: bytes = b"") -> bytes:
    disposition = b'Content-Disposition: form-data; name="' + name + b'"' + more
    return LINE + b"\r\n" + disposition + head + b"\r\n\r\n" + value + b"\r\n"


def multipart(*parts: bytes) -> bytes:
    return b"".join(parts) + LINE + b"--\r\n"


def refused(content_type: bytes, body: bytes, coding: bytes | None = None) -> int:
    with pytest.raises(BadRequest) as caught:
        strip(content_type, coding, body)
    return caught.value.status


def test_only_the_two_kinds_of_browsers_forms_are_looked_at() -> None:
    assert is_form(URLENCODED)
    assert is_form(b"Multipart/Form-Data; boundary=x")
    assert not any(map(is_form, (b"", b"application/json", b"text/plain", b"multipart/mixed; boundary=x")))


# ---- urlencoded


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b"a=1&twofa-on=1&b=2", b"a=1&b=2"),
        (b"twofa-on=1", b""),
        (b"twofa-on=1&a=%C3%A4+b&&c", b"a=%C3%A4+b&&c"),
        (b"a=1&%74wofa%2Don=1", b"a=1"),
        (b"a=twofa-on&Twofa-on=1&xtwofa-on=2", b"a=twofa-on&Twofa-on=1&xtwofa-on=2"),
    ],
)
def test_of_an_urlencoded_form_the_app_gets_the_rest_byte_for_byte(body: bytes, kept: bytes) -> None:
    assert strip(URLENCODED, None, body).body == kept


def test_our_fields_are_read_by_their_names_behind_the_prefix() -> None:
    found = strip(URLENCODED, None, b"twofa-state=a%2Eb+c&x=1&twofa-on=")
    assert found == Stripped(b"x=1", {"state": "a.b c", "on": ""})


@given(st.lists(st.tuples(st.text(), st.text()), max_size=8))
def test_a_form_without_our_fields_stays_as_it_is(pairs: list[tuple[str, str]]) -> None:
    from urllib.parse import urlencode

    body = urlencode([(name, value) for name, value in pairs if not name.startswith("twofa-")]).encode()
    assert strip(URLENCODED + b"; charset=UTF-8", b"identity", body) == Stripped(body, {})


# ---- multipart


def test_of_a_multipart_form_the_app_gets_the_other_parts_byte_for_byte() -> None:
    first, file = part(b"a", b"1"), part(b"f", b"\x00\r\n--\xff", b'; filename="x.bin"', b"\r\nContent-Type: image/png")
    body = multipart(first, part(b"twofa-on", b"1"), file, part(b"twofa-state", b"s"))
    assert strip(MULTIPART, None, body) == Stripped(multipart(first, file), {"on": "1", "state": "s"})


def test_a_multipart_form_without_our_fields_stays_as_it_is() -> None:
    body = multipart(part(b"a", b"1"), part("ä".encode(), b""))
    assert strip(MULTIPART, None, body) == Stripped(body, {})
    assert strip(MULTIPART, None, LINE + b"--") == Stripped(LINE + b"--", {})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"preamble\r\n" + multipart(part(b"twofa-on", b"1")),
        part(b"twofa-on", b"1"),
        multipart(part(b"twofa-on", b"1")) + b"epilogue",
        multipart(part(b"twofa-on", b"1").replace(b"\r\n", b"\n")),
        multipart(LINE + b"\r\n\r\nno head\r\n"),
        multipart(LINE + b"\r\nContent-Type: text/plain\r\n\r\nno name\r\n"),
        multipart(LINE + b"\r\nContent-Disposition: form-data; name=twofa-on\r\n\r\n1\r\n"),
        multipart(LINE + b'\r\nContent-Disposition: attachment; name="twofa-on"\r\n\r\n1\r\n'),
        multipart(part(b"a", b"1", b'; name="twofa-on"')),
        multipart(part(b"a", b"1", b"; name*=utf-8''twofa-on")),
        multipart(part(b"a", b"1", b"", b'\r\nContent-Disposition: form-data; name="twofa-on"')),
        multipart(part(b"a", b"1", b"", b"\r\nContent-Transfer-Encoding: base64")),
        multipart(part(b"a", b"1", b"", b"\r\n folded: x")),
        multipart(part(b"a", b"1", b"", b"\nX: y")),
        LINE + b"x\r\n" + multipart(part(b"a", b"1")),
    ],
)
def test_a_multipart_form_that_no_browser_sends_is_refused(body: bytes) -> None:
    assert refused(MULTIPART, body) == 400


@pytest.mark.parametrize(
    "content_type",
    [
        b"multipart/form-data",
        b"multipart/form-data; boundary=",
        b'multipart/form-data; boundary="a b "',
        b"multipart/form-data; boundary=" + b"x" * 71,
        b"multipart/form-data; boundary=a; boundary=b",
        b"multipart/form-data; boundary*=utf-8''a",
        b"multipart/form-data; boundary=a b",
        b"multipart/form-data boundary=a",
        URLENCODED + b"; charset=utf-16",
        URLENCODED + b"; charset=iso-2022-jp",
        URLENCODED + b"; charset=utf-8; charset=utf-7",
    ],
)
def test_a_content_type_that_can_be_read_in_two_ways_is_refused(content_type: bytes) -> None:
    assert refused(content_type, b"--a--") == 400


def test_a_coded_form_is_refused() -> None:
    assert refused(URLENCODED, b"a=1", b"gzip") == 415
    assert refused(MULTIPART, multipart(part(b"a", b"1")), b"deflate, gzip") == 415


@pytest.mark.parametrize("second", [b"twofa-on=1", b"twofa-on=", b"%74wofa-on=2"])
def test_a_field_of_ours_that_comes_twice_is_refused(second: bytes) -> None:
    assert refused(URLENCODED, b"twofa-on=1&a=b&" + second) == 400
    assert refused(MULTIPART, multipart(part(b"twofa-on", b"1"), part(b"twofa-on", b"1"))) == 400


def test_a_field_of_ours_is_small_and_ascii() -> None:
    assert strip(URLENCODED, None, b"twofa-x=" + b"a" * MOST_FIELD_BYTES).ours == {"x": "a" * MOST_FIELD_BYTES}
    assert refused(URLENCODED, b"twofa-x=" + b"a" * (MOST_FIELD_BYTES + 1)) == 400
    assert refused(URLENCODED, b"twofa-x=%ff") == 400


def test_a_form_of_very_many_parts_is_refused() -> None:
    assert refused(MULTIPART, multipart(*[part(b"a", b"")] * (MOST_PARTS + 1))) == 413


@given(st.binary(max_size=300))
def test_whatever_comes_is_taken_or_refused_and_never_an_error_of_ours(noise: bytes) -> None:
    for content_type, body in ((URLENCODED, noise), (MULTIPART, LINE + noise), (MULTIPART, multipart(noise))):
        with contextlib.suppress(BadRequest):
            assert len(strip(content_type, None, body).body) <= len(body)
