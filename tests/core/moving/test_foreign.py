"""Files of other systems: what is taken, and what is passed over or refused by where it stands. Nothing in them is told."""

from __future__ import annotations

import base64
import contextlib
import io
import json
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.moving.dumps import KEY, SECRET, authenticator, device, message, migration, otp
from twofa_middleware.errors import BadFile
from twofa_middleware.moving.foreign.fixtures import MOST_RECORD_BYTES, read_allauth, read_django_otp
from twofa_middleware.moving.foreign.phone import read_phone
from twofa_middleware.moving.foreign.records import PassedOver, Record, Refused, Taken
from twofa_middleware.moving.foreign.table import MOST_LINE_BYTES, read_map, read_table

SHORT = b"1234567890"
CANARY = "CANARYCANARYCANARY"
URI = f"otpauth://totp/Shop:erin%40example.org?secret={KEY}&issuer=Shop"

Read = Callable[[BinaryIO], Iterator[Record]]


def records(read: Read, content: str | bytes) -> list[Record]:
    return list(read(io.BytesIO(content if isinstance(content, bytes) else content.encode())))


def told(found: list[Record]) -> str:
    """All that would be printed of what was not taken, and how a record would look in a log."""
    return repr(found) + "".join(one.why for one in found if not isinstance(one, Taken))


def test_a119_the_secret_of_a_record_stands_in_no_repr() -> None:
    found = records(read_table, f"user,secret\n5,{KEY}\n")
    assert repr(SECRET)[2:-1] not in repr(found)
    assert KEY not in repr(found)


# ---- comma-separated values -----------------------------------------------------------------------------------------


def test_a_table_has_users_with_secrets_or_uris_and_names() -> None:
    table = f'\ufeffUser,Secret,URI,Name,more\n5,{KEY.lower()},,erin,x\n"6",,{URI},,\n\n7,{URI},,ada,y\r\n'
    assert records(read_table, table) == [
        Taken("line 2", "5", SECRET, "erin"),
        Taken("line 3", "6", SECRET, "erin@example.org"),
        Taken("line 5", "7", SECRET, "ada"),
    ]


@pytest.mark.parametrize(
    "secret", [KEY, f"{KEY[:4]} {KEY[4:]}", "-".join((KEY[:8], KEY[8:])), KEY + "======", f"  {KEY} ", KEY.lower()]
)
def test_a_secret_is_read_however_people_type_it(secret: str) -> None:
    assert records(read_table, f"user,secret\n5,{secret}\n") == [Taken("line 2", "5", SECRET)]


def test_a_secret_of_80_bits_is_taken_and_a_shorter_one_refused() -> None:
    table = f"user,secret\n5,{base64.b32encode(SHORT).decode()}\n6,{base64.b32encode(SHORT[:9]).decode()}\n"
    assert records(read_table, table) == [
        Taken("line 2", "5", SHORT),
        Refused("line 3", "the secret has less than 80 bits"),
    ]


@pytest.mark.parametrize(
    "line",
    [
        f"{CANARY},{CANARY}1",
        f"{CANARY}",
        f"{CANARY},{KEY},{CANARY}",
        f'{CANARY},"{KEY}',
        f'{CANARY},{KEY}"x"',
        f'"{CANARY}"x,{KEY}',
        f"{CANARY},",
        f"{CANARY},otpauth://hotp/{CANARY}?secret={KEY}&counter=1",
        f"{CANARY},otpauth://totp/{CANARY}?secret={KEY}&digits=8",
        f"{CANARY},otpauth://totp/{CANARY}?secret={KEY}&period=60",
        f"{CANARY},otpauth://totp/{CANARY}?secret={KEY}&algorithm=SHA256",
        f"{CANARY},otpauth://totp/{CANARY}?secret={KEY}&secret={KEY}",
        f"{CANARY},otpauth://totp/{CANARY}",
        f"{CANARY},otpauth://totp/{CANARY}?secret={CANARY}1",
        f"{CANARY},otpauth://[{CANARY}",
        f"{CANARY},{'A' * MOST_LINE_BYTES}",
        f"{CANARY},{'A' * 3 * MOST_LINE_BYTES}",
    ],
)
def test_a119_a_wrong_line_is_named_by_its_number_alone_and_stops_no_other(line: str) -> None:
    found = records(read_table, f"user,secret\n5,{KEY}\n{line}\n6,{KEY}\n")
    assert [type(one) for one in found] == [Taken, Refused, Taken]
    assert [one.place for one in found] == ["line 2", "line 3", "line 4"]
    assert not any(text in told(found) for text in (CANARY, KEY, CANARY.lower(), "AAAA"))


def test_bytes_that_are_no_text_spoil_their_own_line_alone() -> None:
    found = records(read_table, b"user,secret\n\xff\xfe,A\n5," + KEY.encode())
    assert [type(one) for one in found] == [Refused, Taken]


@pytest.mark.parametrize(
    "head", ["", "\n", f"5,{KEY}\n", "user\n", "secret,uri\n", "user,user,secret\n", '"user,secret\n', "name,secret\n"]
)
def test_a_table_whose_head_says_too_little_is_refused_as_a_whole(head: str) -> None:
    with pytest.raises(BadFile, match="first line") as refused:
        records(read_table, head + f"5,{KEY}\n")
    assert KEY not in str(refused.value)


def test_a_map_has_a_user_for_each_name() -> None:
    assert read_map(io.BytesIO(b'name,user\nerin,5\n"ada, countess",6\n')) == {"erin": "5", "ada, countess": "6"}
    assert read_map(io.BytesIO(b"\xef\xbb\xbfUser,Name\n5,erin\n\n")) == {"erin": "5"}


@pytest.mark.parametrize("text", ["erin,5\n", "name,user\nerin\n", "name,user\nerin,5\nerin,6\n", 'name,user\n"a,b\n'])
def test_a_map_with_a_wrong_line_is_refused_as_a_whole(text: str) -> None:
    with pytest.raises(BadFile, match="--map"):
        read_map(io.BytesIO(text.encode()))


# ---- django-otp -----------------------------------------------------------------------------------------------------


def test_confirmed_devices_of_django_otp_are_taken() -> None:
    found = records(read_django_otp, json.dumps([device(), device("b7f0"), device(["erin"]), device(key=SHORT.hex())]))
    assert found == [
        Taken("record 1", "5", SECRET),
        Taken("record 2", "b7f0", SECRET),
        Taken("record 3", "erin", SECRET),
        Taken("record 4", "5", SHORT),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        device(key=SECRET.hex()[1:]), device(key=CANARY), device(key=None), device(key=SHORT[:9].hex()),
        device(key=(SECRET * 7).hex()), device(step=60), device(digits=8), device(t0=1), device(t0=None),
        device(user=None), device(user=True), device(user=1.5), device(user=[CANARY, CANARY]), [CANARY], CANARY, 5, None,
        {"model": "otp_totp.totpdevice"}, {"model": "otp_totp.totpdevice", "fields": [CANARY]},
    ],
)  # fmt: skip
def test_a119_a_wrong_device_is_named_by_its_number_alone_and_stops_no_other(wrong: Any) -> None:
    found = records(read_django_otp, json.dumps([device(), wrong, device(6)]))
    kinds = [type(one) for one in found]
    if not isinstance(wrong, list):  # a list within the list has its elements looked at
        assert [one.place for one in found] == ["record 1", "record 2", "record 3"]
    assert kinds == [Taken, Refused, Taken]
    assert CANARY not in told(found)
    assert SECRET.hex() not in told(found)


@pytest.mark.parametrize(
    "other",
    [
        device(confirmed=False), device(confirmed=None), device(model="otp_static.staticdevice"),
        device(model="otp_static.statictoken", token=CANARY), device(model="otp_hotp.hotpdevice"),
        device(model="auth.user", password=CANARY),
    ],
)  # fmt: skip
def test_what_is_no_confirmed_device_is_passed_over(other: Any) -> None:
    (found,) = records(read_django_otp, json.dumps([other]))
    assert isinstance(found, PassedOver)
    assert CANARY not in told([found])


def test_a_dump_is_read_as_json_and_as_jsonl_however_it_is_indented() -> None:
    dump = [device(number) for number in range(2000)]
    names = [str(number) for number in range(2000)]
    for text in (
        json.dumps(dump),
        json.dumps(dump, indent=2),
        "\n".join(map(json.dumps, dump)),
        "\ufeff" + json.dumps(dump),
    ):
        found = records(read_django_otp, text)
        assert [one.name for one in found if isinstance(one, Taken)] == names


@pytest.mark.parametrize(
    "rest", [CANARY, '{"model": "' + CANARY, "{" * 100_000, "9" * 5000 + "9", '"' + "x" * 2 * MOST_RECORD_BYTES]
)
def test_a_dump_that_breaks_off_is_told_by_the_last_record_that_was_read(rest: str) -> None:
    reading = read_django_otp(io.BytesIO((json.dumps([device()])[:-1] + ", " + rest).encode()))
    assert next(reading) == Taken("record 1", "5", SECRET)
    with pytest.raises(BadFile, match="after record 1 is no JSON") as refused:
        next(reading)
    assert CANARY not in str(refused.value)


def test_an_empty_dump_has_no_records() -> None:
    assert records(read_django_otp, "[]") == records(read_django_otp, "") == []


# ---- django-allauth -------------------------------------------------------------------------------------------------


def test_totp_authenticators_of_allauth_are_taken_and_others_passed_over() -> None:
    dump = [
        authenticator(), authenticator("recovery_codes", seed=CANARY, used_mask=0), authenticator("webauthn", name=CANARY),
        authenticator(model="account.emailaddress"),
    ]  # fmt: skip
    found = records(read_allauth, json.dumps(dump))
    assert found[0] == Taken("record 1", "5", SECRET)
    assert [type(one) for one in found[1:]] == [PassedOver] * 3
    assert "recovery codes are not carried" in told(found)
    assert CANARY not in told(found)


@pytest.mark.parametrize("secret", ["gAAAAABl" + CANARY + "-_==", None, 5, "", CANARY + "1", KEY[:8]])
def test_a119_a_secret_that_the_project_encrypts_is_refused_without_a_word_of_it(secret: Any) -> None:
    found = records(read_allauth, json.dumps([authenticator(secret=secret), authenticator()]))
    assert [type(one) for one in found] == [Refused, Taken]
    assert CANARY not in told(found)
    if isinstance(secret, str) and CANARY in secret:
        assert "where it is encrypted, decrypt it first" in told(found)


# ---- a phone --------------------------------------------------------------------------------------------------------


def test_the_accounts_of_a_phone_are_taken_with_their_issuers() -> None:
    found = records(read_phone, migration(otp(), otp(SHORT, b"Office:ada", b"")))
    assert found == [
        Taken("line 1, account 1", "erin", SECRET, "erin", "Shop"),
        Taken("line 1, account 2", "ada", SHORT, "ada", "Office"),
    ]


def test_an_export_that_others_have_published_is_read() -> None:
    uri = "otpauth-migration://offline?data=CjEKCkhlbGxvId6tvu8SGEV4YW1wbGU6YWxpY2VAZ29vZ2xlLmNvbRoHRXhhbXBsZTAC"
    (found,) = records(read_phone, uri)
    assert found == Taken(
        "line 1, account 1", "alice@google.com", b"Hello!\xde\xad\xbe\xef", "alice@google.com", "Example"
    )


def test_parts_in_any_order_are_one_export_and_missing_ones_are_told() -> None:
    parts = [migration(otp(name=str(n).encode()), index=n, size=3) for n in range(3)]
    assert all(isinstance(one, Taken) for one in records(read_phone, parts[2] + parts[0] + "\n" + parts[1]))
    found = records(read_phone, parts[1])
    assert found[1:] == [Refused("the whole file", "of 3 QR codes, 1, 3 are missing")]


@pytest.mark.parametrize(
    ("account", "kind"),
    [
        (otp(_6=1), PassedOver), (otp(_6=0), PassedOver), (otp(_4=2), Refused), (otp(_5=2), Refused), (otp(b"short"), Refused),
        (otp(name=b"\xff"), Refused), (otp()[:-3], Refused), (otp() + b"\x0b", Refused), (otp() + b"\xff" * 20, Refused),
        (message(_2=CANARY.encode(), _6=2), Refused), (message(_1=5, _6=2), Refused),
    ],
)  # fmt: skip
def test_a119_another_account_of_a_phone_is_named_by_its_number_alone(account: bytes, kind: type) -> None:
    found = records(read_phone, migration(otp(), account, otp()))
    assert [type(one) for one in found] == [Taken, kind, Taken]
    assert [one.place for one in found] == [f"line 1, account {n}" for n in (1, 2, 3)]
    assert CANARY not in told(found)


@pytest.mark.parametrize(
    "line",
    [
        CANARY, URI, "otpauth-migration://offline?data=" + CANARY + "!", "otpauth-migration://offline?data=CjEKCkhlbGxvId6t",
        "otpauth-migration://offline?data=//////////////8=", migration(otp(), size=2**40).strip(), migration(index=5).strip(),
    ],
)  # fmt: skip
def test_a119_a_wrong_line_of_a_phone_stops_no_other(line: str) -> None:
    found = records(read_phone, line + "\n" + migration(otp()))
    assert [type(one) for one in found] == [Refused, Taken]
    assert [one.place for one in found] == ["line 1", "line 2, account 1"]
    assert CANARY not in told(found)
    assert KEY not in told(found)


# ---- whatever is in it ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("read", [read_table, read_django_otp, read_allauth, read_phone])
@given(st.binary(max_size=200))
def test_whatever_a_file_has_it_is_read_or_refused(read: Read, content: bytes) -> None:
    for begin in (b"", b"user,secret\n", b"otpauth-migration://offline?data="):
        with contextlib.suppress(BadFile):
            records(read, begin + content)


@given(st.binary(max_size=100))
def test_whatever_the_data_of_a_phone_is_it_is_read_or_refused(data: bytes) -> None:
    for line in (migration(data), f"otpauth-migration://offline?data={base64.b64encode(data).decode()}"):
        for record in records(read_phone, line):
            assert not isinstance(record, Taken) or len(record.secret) >= 10
