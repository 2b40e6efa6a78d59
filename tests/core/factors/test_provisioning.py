"""What the phone reads: the otpauth URI and its picture."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twofa_middleware.factors.totp import base32, provisioning_uri, qr_svg

SECRET = b"12345678901234567890"
KEY = base32(SECRET)


def read(uri: str) -> tuple[str, str, dict[str, list[str]]]:
    """Issuer and account of the label, and the parameters, as the Key URI Format says (issuer ":" account)."""
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("otpauth", "totp", "")
    issuer, _, account = unquote(parts.path.removeprefix("/")).partition(":")
    return issuer, account, parse_qs(parts.query, strict_parsing=True)


def test_the_uri_has_secret_account_and_issuer_and_nothing_else() -> None:
    assert read(provisioning_uri(SECRET, "erin", "Test Portal")) == (
        "Test Portal",
        "erin",
        {"secret": [KEY], "issuer": ["Test Portal"]},
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("erin:admin", "erin admin"),
        ("erin&secret=AAAA", "erin&secret=AAAA"),
        ("erin?issuer=Evil#x", "erin?issuer=Evil#x"),
        ("erin\r\nX: y", "erinX  y"),
        ("\u202enire", "nire"),
        ("../totp", "../totp"),
        ("100%41", "100%41"),
        ("Zoë 🦊", "Zoë 🦊"),
        ("erin@example.org", "erin@example.org"),
        ("", "account"),
        ("\n:", "account"),
    ],
)
def test_a099_no_name_breaks_out_of_the_label(name: str, shown: str) -> None:
    assert read(provisioning_uri(SECRET, name, "Portal")) == ("Portal", shown, {"secret": [KEY], "issuer": ["Portal"]})
    issuer, account, parameters = read(provisioning_uri(SECRET, "erin", name))
    assert (issuer, account, parameters) == (shown, "erin", {"secret": [KEY], "issuer": [shown]})


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=50),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=50),
)
def test_a099_whatever_the_names_are_the_secret_is_read_back_and_the_uri_is_plain_ascii(
    label: str, issuer: str
) -> None:
    uri = provisioning_uri(SECRET, label, issuer)
    assert re.fullmatch(r"[!-~]+", uri)
    assert read(uri)[2]["secret"] == [KEY]
    assert uri.count("secret=") - label.count("secret=") - issuer.count("secret=") * 2 <= 1


@pytest.mark.parametrize("name", ["erin", "</svg><script>alert(1)</script>", "Zoë 🦊 " * 12])
def test_a098_the_picture_is_an_svg_of_paths_alone_that_scales(name: str) -> None:
    svg = qr_svg(provisioning_uri(SECRET, name, "Portal"))
    root = ElementTree.fromstring(svg)
    assert re.fullmatch(r"0 0 \d+ \d+", root.attrib["viewBox"])
    assert {element.tag.rpartition("}")[2] for element in root.iter()} == {"svg", "path"}
    names = {name for element in root.iter() for name in element.attrib}
    assert names <= {"viewBox", "class", "d", "stroke", "fill", "transform"}
    assert not re.search(r"script|style|href|url\(|on\w+=", svg)


def test_two_uris_are_two_pictures() -> None:
    assert qr_svg(provisioning_uri(SECRET, "a", "P")) != qr_svg(provisioning_uri(SECRET, "b", "P"))
