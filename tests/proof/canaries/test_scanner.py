"""The scanner finds each form of a secret in each place where one is looked for: a check that cannot fail proves nothing."""

from __future__ import annotations

import base64
import html
import json
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
import redis

from support.canaries import CANARIES, Canaries
from support.redis_servers import new_realm, shared_redis
from support.telling import TESTS, TOLD, Telling, no_secret_was_told, redis_bytes, sqlite_bytes

SECRETS = {
    "text": "canary+of/the=house-4711",
    "words": "the canary <of> the \"house\" & 'more'",
    "no ascii": "Kanarienvögel im Käfig",
    "token": base64.urlsafe_b64encode(bytes(range(200, 232))).rstrip(b"=").decode(),
    "recovery code": "k7wq-x2mn-p4rt-z9vb",
    "TOTP key": "67H4 EMTF NZA6 JE3X ZASK BKAF RLJC H5VO",
    "key": bytes(range(150, 182)),
}

Writes = Callable[[bytes], str]
FORMS: dict[str, Writes] = {
    "raw": lambda secret: secret.decode("utf-8", "surrogateescape"),
    "repr of bytes": repr,
    "repr of text": lambda secret: repr(secret.decode("latin-1")),
    "json": lambda secret: json.dumps(secret.decode("latin-1")),
    "html": lambda secret: html.escape(secret.decode("utf-8", "replace")) if secret.isascii() else repr(secret),
    "percent": lambda secret: quote(secret, safe=""),
    "percent of all": lambda secret: "".join(f"%{byte:02X}" for byte in secret),
    "hex": lambda secret: secret.hex(),
    "upper hex": lambda secret: secret.hex().upper(),
    "base32": lambda secret: base64.b32encode(secret).decode(),
    "lower base32": lambda secret: base64.b32encode(secret).decode().lower().rstrip("="),
    "base64": lambda secret: base64.b64encode(secret).decode(),
    "base64 without padding": lambda secret: base64.b64encode(secret).decode().rstrip("="),
    "urlsafe base64": lambda secret: base64.urlsafe_b64encode(secret).decode(),
    **{f"{n} in base64": lambda secret, n=n: base64.b64encode(b"x" * n + secret + b"yz").decode() for n in (1, 2, 3)},
    **{f"{n} in base32": lambda secret, n=n: base64.b32encode(b"x" * n + secret + b"y").decode() for n in range(1, 6)},
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", SECRETS)
def test_a119_each_form_is_found_wherever_it_begins(name: str, form: str) -> None:
    canaries, secret = Canaries(), SECRETS[name]
    canaries.keep(name, secret)
    raw = secret if isinstance(secret, bytes) else secret.encode()
    for begins in range(9):
        written = "." * begins + " " + FORMS[form](raw) + " and so on"
        assert [one.kind for one in canaries.find(written)][:1] == [name], written
    assert canaries.find("." * 500 + "no canary at all, of any house: 0123456789abcdef") == []


@pytest.mark.parametrize("name", ["token", "TOTP key", "recovery code"])
def test_a119_so_are_the_bytes_that_a_text_stands_for(name: str) -> None:
    canaries, text = Canaries(), SECRETS[name]
    assert isinstance(text, str)
    canaries.keep(name, text)
    meant = {
        "token": lambda: base64.urlsafe_b64decode(text + "=").hex(),
        "TOTP key": lambda: repr(base64.b32decode(text.replace(" ", ""))),
        "recovery code": lambda: text.replace("-", ""),
    }[name]()
    assert canaries.find(meant)


@pytest.mark.parametrize("said", ["code 123456", "code=123456&next=/", "{'code': '123456'}", "/2fa?123456", "(123456)"])
def test_a119_a_code_is_found_as_a_word(said: str) -> None:
    canaries = Canaries()
    canaries.keep("code", "123456")
    assert canaries.find(said, short=True)
    assert canaries.find(said) == []


@pytest.mark.parametrize("said", ["1800123456", "0.123456", "0x123456", "1234567", "at 123456f"])
def test_a_part_of_a_time_or_an_address_is_no_code(said: str) -> None:
    canaries = Canaries()
    canaries.keep("code", "123456")
    assert canaries.find(said, short=True) == []


# ---- in each place ----------------------------------------------------------------------------------------------------

CANARY = "a-canary-that-sings-in-the-mine"


def raised_with(secret: str) -> Exception:
    try:
        raise ValueError(secret)
    except ValueError as error:
        return error


def frame_with(secret: str) -> Exception:
    """An error whose frame, of no file of the tests, has it as a local."""
    try:
        exec(compile("def fail(kept):\n    raise OSError\nfail(secret)", "somewhere.py", "exec"), {"secret": secret})
    except OSError as error:
        return error
    raise AssertionError


def caused_by(error: Exception) -> Exception:
    try:
        raise RuntimeError from error
    except RuntimeError as raised:
        return raised


PLACES: dict[str, Callable[[logging.Logger, Telling], None]] = {
    "a message": lambda logger, told: logger.warning("it is %s", CANARY),
    "a message for debugging": lambda logger, told: logger.debug("it is %s", CANARY),
    "an argument": lambda logger, told: logger.info("%r", {"it": CANARY}),
    "an error": lambda logger, told: logger.error("oh", exc_info=raised_with(CANARY)),
    "a cause": lambda logger, told: logger.error("oh", exc_info=caused_by(raised_with(CANARY))),
    "a frame": lambda logger, told: logger.error("oh", exc_info=frame_with(CANARY)),
    "a frame of a cause": lambda logger, told: logger.error("oh", exc_info=caused_by(frame_with(CANARY))),
    "a Location": lambda logger, told: told.answered([("Location", f"/?q={CANARY}")], b""),
    "a header": lambda logger, told: told.answered([("X-Any", CANARY)], b""),
    "a cookie": lambda logger, told: told.answered([("Set-Cookie", f"any={CANARY}; Path=/")], b""),
    "a title": lambda logger, told: told.answered([], f"<title>\n{CANARY}</title>".encode()),
    "a link": lambda logger, told: told.answered([], f"<title>x</title><a href='/{CANARY}'>".encode()),
    "the address of a form": lambda logger, told: told.answered(
        [], f'<title>x</title><form action="{CANARY}">'.encode()
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_a119_a_secret_is_found_in_each_place(place: str) -> None:
    canaries, told, logger = Canaries(), Telling(), logging.getLogger("canaries.tried")
    canaries.keep("secret", CANARY)
    logger.propagate, logger.handlers = False, [told]
    PLACES[place](logger, told)
    assert any("holds the secret" in one or "hold the secret" in one for one in told.leaks(canaries))


def test_a_cookie_may_be_given_to_whom_it_is_for() -> None:
    canaries, told = Canaries(), Telling()
    canaries.keep("cookie", CANARY)
    told.answered([("Set-Cookie", f"any={CANARY}; Path=/")], b"")
    assert told.leaks(canaries) == []


@pytest.mark.parametrize("secret", [CANARY.encode(), bytes(range(150, 182))])
def test_a119_a_secret_is_found_in_the_file_of_a_store_and_in_its_log(secret: bytes, tmp_path: Path) -> None:
    canaries, told, file = Canaries(), Telling(), tmp_path / "store.db"
    canaries.keep("secret", secret)
    told.dumps["file"] = lambda: sqlite_bytes(file)
    with closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE any (it BLOB)")
        assert told.leaks(canaries) == []
        db.execute("INSERT INTO any VALUES (?)", [secret])
        db.commit()
        assert file.with_name("store.db-wal").stat().st_size
        assert told.leaks(canaries), "in the log"
    assert told.leaks(canaries), "in the file"


@pytest.mark.parametrize("kind", ["key", "string", "hash", "field", "stream", "zset", "set", "list"])
def test_a119_a_secret_is_found_in_every_kind_of_key_of_a_redis(kind: str) -> None:
    canaries, realm, url = Canaries(), new_realm(), shared_redis().url
    canaries.keep("secret", CANARY)
    name = f"2fu:{realm}:any"
    with redis.Redis.from_url(url) as client:
        match kind:
            case "key":
                client.set(f"2fa:{realm}:{CANARY}", "1")
            case "string":
                client.set(name, CANARY)
            case "hash":
                client.hset(name, "any", CANARY)
            case "field":
                client.hset(name, CANARY, "any")
            case "stream":
                client.xadd(name, {"any": CANARY})
            case "zset":
                client.zadd(name, {CANARY: 1})
            case "set":
                client.sadd(name, CANARY)
            case _:
                client.rpush(name, CANARY)
    assert any(canaries.find(piece) for piece in redis_bytes(url, realm))


def test_a119_the_check_at_the_end_of_a_test_fails() -> None:
    CANARIES.keep("secret", CANARY)
    logging.getLogger("anybody").debug("it is %s", base64.b64encode(CANARY.encode()).decode())
    with pytest.raises(AssertionError, match="a log holds the secret"):
        no_secret_was_told()
    TOLD.forget()


def test_a119_it_is_made_at_the_end_of_each_test_of_a_run(tmp_path: Path) -> None:
    shutil.copy(Path(TESTS) / "conftest.py", tmp_path)
    (tmp_path / "test_it.py").write_text(
        "import logging\nfrom support.canaries import CANARIES\n\n"
        f"def test_it():\n    CANARIES.keep('secret', '{CANARY}')\n    logging.getLogger('any').debug('{CANARY}')\n"
    )
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)],
        env=os.environ | {"PYTHONPATH": TESTS},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == pytest.ExitCode.TESTS_FAILED, run.stdout + run.stderr
    assert "a log holds the secret" in run.stdout
