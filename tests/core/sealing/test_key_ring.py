"""The key ring: where it is read from, and what is refused with which words."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from twofa_middleware.errors import KeysError
from twofa_middleware.keyring import KeyRing
from twofa_middleware.sealing import Sealer


def key(letter: str, size: int = 32) -> str:
    return base64.b64encode(letter.encode() * size).decode()


def ring_text(
    naming: str = key("n"), current: str = "aaaaaaaa", ring: str = f'aaaaaaaa = "{key("a")}"', more: str = ""
) -> str:
    return f'naming = "{naming}"\ncurrent = "{current}"\n{more}\n[ring]\n{ring}\n'


def refusal(text: str) -> str:
    with pytest.raises(KeysError) as refused:
        KeyRing.parse(text, "keys.toml")
    return str(refused.value)


def write(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "keys.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


# ---- made -----------------------------------------------------------------------------------------------------------


def test_a_new_ring_has_a_naming_key_and_one_other_of_256_bits_each() -> None:
    ring = KeyRing.new()
    assert [*ring.keys] == [ring.current]
    assert {len(ring.naming), *map(len, ring.keys.values())} == {32}
    assert len(ring.current) == 4


def test_no_two_new_rings_share_anything() -> None:
    rings = [KeyRing.new() for _ in range(20)]
    assert len({key for ring in rings for key in (ring.naming, *ring.keys.values())}) == 40


def test_what_is_dumped_is_read_back() -> None:
    ring = KeyRing.new()
    rotated = KeyRing(ring.naming, b"new1", {**ring.keys, b"new1": os.urandom(32)})
    retired = rotated.without(ring.current)
    assert [KeyRing.parse(one.dump(), "") for one in (ring, rotated, retired)] == [ring, rotated, retired]
    assert retired.retired == (ring.current,)


def test_a119_neither_a_ring_nor_a_sealer_shows_a_key_in_its_repr() -> None:
    ring = KeyRing.parse(ring_text(), "")
    shown = repr(ring) + str(ring) + repr(Sealer("test", ring))
    assert not any(secret in shown for secret in ("n" * 32, "a" * 32, key("n"), key("a"), "6e6e", "6161"))


# ---- read -----------------------------------------------------------------------------------------------------------


def test_a_ring_is_read_from_a_file_relative_to_the_folder(tmp_path: Path) -> None:
    write(tmp_path, ring_text())
    assert KeyRing.load("file:keys.toml", tmp_path).naming == b"n" * 32
    assert KeyRing.load(f"file:{tmp_path / 'keys.toml'}", Path("/nowhere")).current == b"\xaa" * 4


def test_a_ring_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TEST_KEYS", ring_text())
    assert KeyRing.load("env:TEST_KEYS", tmp_path).naming == b"n" * 32


@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_not_set_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str | None
) -> None:
    monkeypatch.delenv("TEST_KEYS", raising=False)
    if value is not None:
        monkeypatch.setenv("TEST_KEYS", value)
    with pytest.raises(KeysError, match=r"^keys: .*TEST_KEYS"):
        KeyRing.load("env:TEST_KEYS", tmp_path)


def test_a_file_that_is_missing_is_named_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(
        KeysError, match=r"^keys: file:keys\.toml .*No such file.*; `twofa init` makes a key file for a new store"
    ):
        KeyRing.load("file:keys.toml", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601, 0o620])
def test_a_file_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    write(tmp_path, ring_text(), mode)
    with pytest.raises(KeysError, match=r"file:keys\.toml is open to others .* chmod 600"):
        KeyRing.load("file:keys.toml", tmp_path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys.toml").mkdir()
    with pytest.raises(KeysError, match="cannot be read"):
        KeyRing.load("file:keys.toml", tmp_path)


def test_a_file_that_is_no_text_is_no_key_ring(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(KeysError, match=r"keys\.toml"):
        KeyRing.load("file:keys.toml", tmp_path)


@pytest.mark.parametrize("reference", ["", "keys.toml", "vault:secret", "FILE:keys.toml"])
def test_any_other_place_is_refused_with_the_two_that_serve(tmp_path: Path, reference: str) -> None:
    with pytest.raises(KeysError, match=r"^keys: .*write env:NAME .* or file:path"):
        KeyRing.load(reference, tmp_path)


def test_a_reference_that_is_the_keys_themselves_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(KeysError) as refused:
        KeyRing.load(key("s"), tmp_path)
    assert key("s") not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "naming = ",
        ring_text().replace("naming", "namimg"),
        ring_text().replace("current", "curent"),
        ring_text().replace("[ring]", "[rings]"),
        ring_text(naming="not base64!"),
        ring_text(naming="ünicode"),
        ring_text(current="xyz"),
        ring_text(ring='aaaaaaaa = "***"'),
        ring_text(ring="aaaaaaaa = 5"),
        ring_text(ring=f'zzzzzzzz = "{key("a")}"'),
        ring_text(more="retired = 5"),
        ring_text(more="retired = 'bbbbbbbb'"),
        ring_text(more="retired = ['zzzzzzzz']"),
        ring_text(more="retired = [5]"),
        'naming = 1\ncurrent = 2\nring = "x"',
    ],
)
def test_what_is_no_key_ring_is_told_how_one_looks(text: str) -> None:
    assert refusal(text) == (
        "keys.toml: this is no key ring; it has `naming`, `current` and a table [ring], as `twofa keys new` prints"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ring_text(more="previous = 'x'"), "unknown key 'previous' in the key ring"),
        (ring_text(current="bbbbbbbb"), "`current` names a key that is not in [ring]"),
        (ring_text(current="aaaa", ring=f'aaaa = "{key("a")}"'), "the id of a key in [ring] has 8 hexadecimal digits"),
        (
            ring_text(more="retired = ['bbbb']"),
            "the id of a key in [ring] has 8 hexadecimal digits, and so in `retired`",
        ),
        (ring_text(naming=key("n", 31)), "a key has 32 bytes (base64); `twofa keys new` makes good ones"),
        (ring_text(ring=f'aaaaaaaa = "{key("a", 16)}"'), "a key has 32 bytes"),
        (ring_text(ring=f'aaaaaaaa = "{key("n")}"'), "the same key, or the same id of a key, stands there twice"),
        (
            ring_text(ring=f'aaaaaaaa = "{key("a")}"\nbbbbbbbb = "{key("a")}"'),
            "the same key, or the same id of a key, stands there twice",
        ),
    ],
)
def test_a_ring_that_cannot_serve_is_told_why(text: str, message: str) -> None:
    assert refusal(text).startswith(f"keys.toml: {message}")


@pytest.mark.parametrize("current", ["aaaaaaaa", "bbbbbbbb"])
def test_a117_a_ring_that_has_a_key_which_it_says_was_retired_is_refused(current: str) -> None:
    both = f'aaaaaaaa = "{key("a")}"\nbbbbbbbb = "{key("b")}"'
    told = refusal(ring_text(current=current, ring=both, more="retired = ['cccccccc', 'AAAAAAAA']"))
    assert told.startswith(
        "keys.toml: key aaaaaaaa stands in [ring], and `retired` says that it was taken out; remove it"
    )


@pytest.mark.parametrize("text", [ring_text(naming=key("s", 31)), ring_text(ring=f'aaaaaaaa = "{key("s", 5)}"')])
def test_a119_no_message_repeats_a_key(text: str) -> None:
    assert key("s", 3)[:4] not in refusal(text)


@pytest.mark.parametrize(
    "ring",
    [f'aaaaaaaa = "{key("a")}"\nAAAAAAAA = "{key("b")}"', f'aaaaaaaa = "{key("a")}"\n"aa aa aa aa" = "{key("b")}"'],
)
def test_two_spellings_of_one_key_id_are_not_taken_for_one(ring: str) -> None:
    assert "the same id of a key, stands there twice" in refusal(ring_text(ring=ring))
