"""``twofa init``: settings file, keys, store and its id, each made only where it is missing."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import click

from ..errors import ConfigError, StoreMismatch
from ..keyring import KeyRing
from ..settings import Settings
from ..wiring import open_store, sealer_of, store_kind
from .key_files import write_ring

_FIRST_FILE = """\
# The settings of a realm: apps that share one directory of users, and so one second factor for each person.
# Every key stands in docs/settings.md; what is not written here has its default.
realm = "main"
name = "My Portal"                    # shown in the authenticator app and on the pages
support = ""                          # whom to ask for help, such as "Service desk, ext. 4711"
store = "sqlite:///var/twofa.db"
keys = "file:var/keys.toml"

[apps.portal]
origins = ["http://localhost:8000", "http://127.0.0.1:8000"]   # scheme and host of each address of the app
# Who is logged in? Say how the app tells, such as by its session cookie; the start is refused until you do:
# identity = [{ use = "signed_cookie", cookie = "session", secret = "env:SECRET_KEY", user = "user_id" }]
identity = [{ use = "CHOOSE" }]
login_page = "/login"
home = "/"
"""
_STORE_ID = re.compile(r"""^store_id[ \t]*=[ \t]*(""|'')""", re.MULTILINE)
_CREDENTIALS = re.compile(r"^((?!sqlite:)[^:]+://).*@")
_FIRST_KEY = re.compile(r"^[ \t]*[A-Za-z\"'\[]", re.MULTILINE)


@click.command()
@click.option(
    "--file", "path", type=click.Path(path_type=Path, dir_okay=False), default=Path("twofa.toml"), show_default=True
)
def init(path: Path) -> None:
    """Make what a realm needs: settings file, keys, store. What is there stays as it is."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_FIRST_FILE, encoding="utf-8")
        click.echo(f"{path}: written; change it to fit your app")
    settings = Settings.load(path)
    if make_keys(settings):
        click.echo(f"{settings.keys}: a new key ring. Keep a copy apart from the store.")
    else:
        click.echo(f"{settings.keys}: the key ring is there")
    store_id = make_store(settings)
    if settings.store_id:
        click.echo(f"store {store_id}: as `store_id` says")
        return
    shown = _CREDENTIALS.sub(r"\1", settings.store.url)
    click.echo(f"{shown}: the store is there")
    _write_store_id(path, store_id)
    click.echo(f'{path}: store_id = "{store_id}"')


def make_keys(settings: Settings) -> bool:
    """Make the key file if it is missing and no store is named yet; whether it did. KeysError if keys cannot be used."""
    kind, _, rest = settings.keys.partition(":")
    if kind == "file" and not settings.store_id and not (settings.folder / rest).exists():
        write_ring(KeyRing.new(), settings.folder / rest)
        return True
    # Under new keys nobody would be found in a store that has people in it: all would seem to have no second factor.
    KeyRing.load(settings.keys, settings.folder)
    return False


def make_store(settings: Settings) -> str:
    """Make the store if it is missing and the settings do not name it yet; returns its id."""
    kind, url, options = store_kind(settings)
    if settings.store_id:
        # A store that is named but not there was lost or moved: a new, empty one in its place would let everybody
        # with a password set up a second factor of their own.
        try:
            open_store(settings).check()
        except StoreMismatch as error:
            told = str(error).partition(": run `twofa init`")[0]
            raise ConfigError(
                f"{told}, though `store_id` names it. Put the store back; to begin with an empty one, "
                f"take `store_id` out of {settings.source}"
            ) from None
        return settings.store_id
    return sealer_of(settings).store_id(kind.create(url, settings.realm, options))


def _write_store_id(path: Path, store_id: str) -> None:
    """Put the id into the file, in its own place if there is one, else before the first key; all else stays."""
    text = path.read_bytes().decode()
    line = f'store_id = "{store_id}"'
    if _STORE_ID.search(text):
        written = _STORE_ID.sub(line, text, count=1)
    else:
        first = _FIRST_KEY.search(text)
        at = first.start() if first else len(text)
        written = f"{text[:at]}{line}\n{text[at:]}"
    if not _says(written, tomllib.loads(text) | {"store_id": store_id}):
        raise ConfigError(f"{path}: write this line into it yourself, above the first table: {line}")
    path.write_bytes(written.encode())


def _says(text: str, document: dict[str, Any]) -> bool:
    try:
        return tomllib.loads(text) == document
    except tomllib.TOMLDecodeError:
        return False
