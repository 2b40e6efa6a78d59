"""``twofa init``: settings file, keys, store and its id, each made only where it is missing."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from ..desk import Desk
from ..errors import ConfigError, StoreMismatch, StoreMissing
from ..keyring import KeyRing
from ..keys_and_store import open_store, sealer_of, store_kind
from ..proposing.words import HEAD, ORIGINS, UNCHOSEN
from ..protocol import Store
from ..settings import Settings
from .found_store import Found, look_into, look_through
from .key_files import write_ring

_FIRST_FILE = f"""\
# The settings of a realm: apps that share one directory of users, and so one second factor for each person.
{HEAD}
[apps.portal]
{ORIGINS}# Who is logged in? Say how the app tells, such as by its session cookie; the start is refused until you do:
# identity = [{{ use = "signed_cookie", cookie = "session", secret = "env:SECRET_KEY", user = "_user_id" }}]
# `user` is where in the session the account's own id stands: "_user_id" with Flask-Login, "user_id" in many other apps.
# label = "name", beside `user`, is where the name stands that people are called by, if your log-in puts it there; without
# it they see the id.
{UNCHOSEN}
login_page = "/login"
home = "/"
"""
_LET_IN = "everybody would get in with the password alone"
_REMEDIES = (
    "Put the key ring back with which the store was made; or begin in another one: name another place in `store`, or "
    'another realm in the same Redis (realm = "{}" may be that of another installation)'
)
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
        if not path.parent.exists():
            raise ConfigError(f"{path}: there is no folder {path.parent}; make it, or name another place with --file")
        path.write_text(_FIRST_FILE, encoding="utf-8")
        click.echo(f"{path}: written; change it to fit your app")
    settings = Settings.load(path)
    made = make_realm(settings)
    if made.new_keys:
        click.echo(f"{settings.keys}: a new key ring. Keep a copy apart from the store.")
    else:
        click.echo(f"{settings.keys}: the key ring is there")
    if made.found is None:
        click.echo(f"store {made.store_id}: as `store_id` says")
        return
    shown = _shown(settings)
    click.echo(f"{shown}: {'a new store' if made.new_store else f'found a store, with {made.found.people} in it'}")
    _write_store_id(path, made.store_id)
    click.echo(f'{path}: store_id = "{made.store_id}"')


@dataclass(frozen=True, slots=True)
class Made:
    """What a realm has now. ``found``: what lies in the store, unless the settings named it already."""

    store_id: str
    new_keys: bool = False
    new_store: bool = False
    found: Found | None = None


def make_realm(settings: Settings) -> Made:
    """Make keys and store, each if it is missing and the settings do not name the store yet.

    Keys are made for a store that is not there and no other: in a store that has people in it, or on which another
    machine works under its own keys, nobody would be found under new ones. KeysError if the keys cannot be used,
    ConfigError if they are not those of what lies in the store.
    """
    if settings.store_id:
        _check_named(settings)
        return Made(settings.store_id)
    kind, url, options = store_kind(settings)
    ring = _missing_ring(settings)
    if ring is None:
        sealer_of(settings)
    is_new = not _is_there(settings)
    if ring is not None and is_new:
        write_ring(KeyRing.new(), ring)
    name = kind.create(url, settings.realm, options)
    with _opened(settings, name) as store:
        if ring is not None and not is_new:
            raise ConfigError(_refusal_of_new_keys(settings, look_into(store)))
        sealer = sealer_of(settings)
        found = look_through(Desk(settings, sealer), store)
    if found.is_of_other_keys:
        raise ConfigError(
            f"{settings.source}: {_shown(settings)} holds the store of other keys than {settings.keys}, or of another "
            f"realm, with {found.people} in it, whom nobody would find: {_LET_IN}. {_REMEDIES.format(settings.realm)}"
        )
    return Made(sealer.store_id(name), ring is not None, is_new, found)


def _missing_ring(settings: Settings) -> Path | None:
    """The key file, if there is none."""
    kind, _, rest = settings.keys.partition(":")
    path = settings.folder / rest
    return path if kind == "file" and not os.path.lexists(path) else None


@contextmanager
def _opened(settings: Settings, name: str) -> Iterator[Store]:
    kind, url, options = store_kind(settings)
    store: Store = kind(url, name, settings.realm, options)
    try:
        yield store
    finally:
        # A store need not have anything to close.
        getattr(store, "close", lambda: None)()


def _is_there(settings: Settings) -> bool:
    """Whether there is a store, be it of whatever id."""
    with _opened(settings, "") as store:
        try:
            store.check()
        except StoreMissing:
            return False
        except StoreMismatch:
            return True
    return True


def _refusal_of_new_keys(settings: Settings, found: Found) -> str:
    told = (
        f"{settings.source}: there is no key ring at {settings.keys}, but {_shown(settings)} holds a store already, with "
        f"{found.people} in it. Under new keys nobody would be found there: {_LET_IN}. "
        f"{_REMEDIES.format(settings.realm)}"
    )
    if found.users:
        return told
    return f"{told}. If no machine has a key ring for it, `twofa keys new --file` makes one"


def _check_named(settings: Settings) -> None:
    try:
        open_store(settings).check()
    except StoreMissing as error:
        # A new, empty store in the place of one that was lost would let everybody with a password set up a second
        # factor of their own.
        raise ConfigError(
            f"{settings.source}: store_id names a store, and {error}. To restore into a new one, or if nobody had a "
            f"second factor, take `store_id` out of {settings.source} and run `twofa init` again"
        ) from None
    except StoreMismatch as error:
        raise ConfigError(f"{error}") from None


def _shown(settings: Settings) -> str:
    """The address of the store without its password."""
    return _CREDENTIALS.sub(r"\1", settings.store.url)


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
