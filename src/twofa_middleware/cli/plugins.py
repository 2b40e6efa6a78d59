"""``twofa plugins``: what is installed, and what of it the settings name. Installed is not enabled."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from ..errors import ConfigError
from ..plugging import factor_of, look_of
from ..plugins import CHOOSE, GROUPS, Offer, named, offers, options_of
from ..protocol import PluginContext
from ..references import read_secret
from ..settings import Settings
from ..settings.reading import value_of
from . import fragments
from .asking import EXIT_CODES, can_ask, confirm, operation
from .output import NotDone, say, say_document, table

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", re.ASCII)
_GROUP = click.option("--group", "kind", type=click.Choice(list(GROUPS)), help="Which plugin of that name.")
_APP = click.option("--app", help="For which app; needed for an identity plugin, if the realm has several.")
_UNGUARDED = "whoever logs in by it is then nobody to the gate, and gets into the app with the password alone, unless another resolver tells who it is"


@click.group()
def plugins() -> None:
    """List plugins, and enable or disable them."""


@plugins.command("list", epilog=EXIT_CODES)
@operation
def list_(path: Path, as_json: bool) -> None:
    """List what is installed, from where, whether it can be loaded, and where the settings name it."""
    settings = Settings.load(path) if path.exists() else None
    rows = [_row(offer, settings) for offer in offers()]
    if settings is not None:
        known = {(row["group"], row["name"]) for row in rows}
        for kind, place, table_ in named(settings):
            name = table_.get("use")
            if isinstance(name, str) and (kind, name) not in known and name != CHOOSE:
                missing = Offer(kind, name, "", "", "not installed")
                rows.append(_row(missing, settings) | {"enabled": [place]})
    if as_json:
        say_document({"plugins": rows, "settings": str(path) if settings else None})
        return
    shown = [row | {"enabled": ", ".join(row["enabled"] or ()), "error": row["error"] or ""} for row in rows]
    say(table(shown))
    if settings is None:
        say(f"There is no {path}, so none is enabled.")


def _row(offer: Offer, settings: Settings | None) -> dict[str, Any]:
    """``enabled``: the places in which the settings name it; None without settings."""
    row = {"group": offer.kind, "name": offer.name, "distribution": offer.distribution, "version": offer.version}
    places = None if settings is None else _places(settings, offer.kind, offer.name)
    return {**row, "enabled": places, "error": offer.error or None}


def _places(settings: Settings, kind: str, name: str) -> list[str]:
    return [place for other, place, table_ in named(settings) if other == kind and table_.get("use") == name]


@plugins.command(epilog=EXIT_CODES)
@click.argument("name")
@_GROUP
@_APP
@click.option(
    "--set", "pairs", multiple=True, metavar="KEY=VALUE", help="An option; the value as in the settings file."
)
@operation
def enable(path: Path, as_json: bool, name: str, kind: str | None, app: str | None, pairs: tuple[str, ...]) -> None:
    """Name a plugin in a fragment of its own, if the settings can be used with it."""
    settings = Settings.load(path)
    offer = _offer(name, kind)
    app = _app(settings, offer.kind, app)
    target = fragments.path_of(path, offer.kind, name, app)
    fragments.unchanged(target)
    before = fragments.settings_with(path, target, None) if target.exists() else settings
    places = [one for one in _places(before, offer.kind, name) if not app or one.startswith(f"[apps.{app}] ")]
    if places:
        raise NotDone(f"{name} is enabled already: {before.source_of(places[0])}: {places[0]}")
    adds = offer.kind != "identity" or [one.get("use") for one in before.apps[app].identity] != [CHOOSE]
    origin = f"{offer.distribution} {offer.version}"
    text = fragments.text_for(offer.kind, name, app, _options(pairs), origin, adds=adds)
    _check(before, fragments.settings_with(path, target, text))
    fragments.write(path, target, text)
    document = {"enabled": name, "group": offer.kind, "app": app or None, "file": str(target)}
    _tell(
        as_json, document, f"{target}: written; {name} of {origin} is enabled for servers that are started from now on"
    )
    if offer.kind == "factor" and not as_json:
        say(
            "Who set up their second factor under another one is refused (503) until it is switched off for them.",
            err=True,
        )


@plugins.command(epilog=EXIT_CODES)
@click.argument("name")
@_GROUP
@_APP
@click.option("--yes", is_flag=True, help="Ask nothing.")
@operation
def disable(path: Path, as_json: bool, name: str, kind: str | None, app: str | None, yes: bool) -> None:
    """Take the fragment away that enable has written, if the settings can be used without it."""
    settings = Settings.load(path)
    uses = [(one, place) for one, place, table_ in named(settings) if table_.get("use") == name and kind in (None, one)]
    uses = [(one, place) for one, place in uses if app is None or place.startswith(f"[apps.{app}] ")]
    if not uses:
        raise NotDone(f"{name} is not enabled")
    if len({one for one, _ in uses}) > 1:
        raise click.UsageError(f"{name} is enabled as {' and '.join(sorted({one for one, _ in uses}))}: give --group")
    found, _ = uses[0]
    app = _app(settings, found, app) if found == "identity" else ""
    target = fragments.path_of(path, found, name, app)
    if fragments.unchanged(target) is None:
        where = next(place for _, place in uses)
        raise NotDone(f"{settings.source_of(where)}: {where} names {name}: take it out there")
    after = fragments.settings_with(path, target, None)
    _check(settings, after, f"without {target} it would be so: ")
    if left := [place for place in _places(after, found, name) if not app or place.startswith(f"[apps.{app}] ")]:
        raise NotDone(f"{after.source_of(left[0])}: {left[0]} names {name} as well: take it out there first")
    if found == "identity" and not yes:
        if not can_ask(as_json):
            raise click.UsageError(f"nobody can be asked here: --yes must be given; {_UNGUARDED}")
        confirm(f"Disable {name} for {app}? Mind that {_UNGUARDED}.")
    target.unlink()
    document = {"disabled": name, "group": found, "app": app or None, "file": str(target)}
    _tell(as_json, document, f"{target}: taken away; {name} is disabled for servers that are started from now on")


def _offer(name: str, kind: str | None) -> Offer:
    if not _NAME.fullmatch(name):
        raise click.UsageError(f'"{name}" is no name of a plugin')
    found = [offer for offer in offers() if offer.name == name and kind in (None, offer.kind)]
    if not found:
        raise ConfigError(
            f'there is no {kind or ""} plugin "{name}" installed; `twofa plugins list` shows what is'.replace("  ", " ")
        )
    if broken := next((offer for offer in found if offer.error), None):
        raise ConfigError(
            broken.error if "plugin" in broken.error else f'{broken.kind} plugin "{name}" is {broken.error}'
        )
    kinds = sorted({offer.kind for offer in found})
    if len(kinds) > 1:
        raise click.UsageError(f"{name} is a plugin for {' and '.join(kinds)}: give --group")
    if kinds == ["store"]:
        raise click.UsageError(
            f'a store is chosen by its address: write store = "{name}://…" into the settings and run `twofa init`; '
            "docs/moving.md says how people move there"
        )
    return found[0]


def _app(settings: Settings, kind: str, app: str | None) -> str:
    """The app that an identity plugin is for; empty for all others, which are the realm's."""
    if kind != "identity":
        if app is not None:
            raise click.UsageError(f"--app is for identity plugins; a {kind} plugin is the realm's")
        return ""
    if app is None and len(settings.apps) > 1:
        raise click.UsageError(f"the realm has the apps {', '.join(settings.apps)}: give --app")
    name = app or next(iter(settings.apps))
    settings.app(name)
    return name


def _options(pairs: tuple[str, ...]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key or key in found or key == "use":
            raise click.UsageError(f"--set {key}: give KEY=VALUE, each key once")
        found[key] = value_of(value)
    return found


def _check(before: Settings, after: Settings, what: str = "") -> None:
    """ConfigError if a plugin cannot be used after the change that could before, or that was not named before."""
    known = _faults(before)
    for place, fault in _faults(after).items():
        if known.get(place) != fault:
            raise ConfigError(f"nothing was changed: {what}{fault}")


def _faults(settings: Settings) -> dict[str, str]:
    """Why each plugin that the settings name cannot be used, by its place, as far as it can be seen here: the variables of
    the app's environment need not be set where this command is run, but its files are there."""
    context = PluginContext(settings.realm, "", settings.folder, asynchronous=True)
    found = {}
    for kind, place, table_ in named(settings):
        if kind == "store":
            continue
        try:
            options_of(kind, table_, settings.source_of(place), place)
            _refuse_unusable_files(settings, place, table_)
            if kind == "factor":
                factor_of(settings, context)
            elif kind == "theme":
                look_of(settings, context)
        except ConfigError as error:
            found[place] = str(error)
    return found


def _refuse_unusable_files(settings: Settings, place: str, table_: Mapping[str, Any]) -> None:
    """ConfigError if a file that an option points to (``file:path``) holds no secret that could be used."""
    for key, reference in _file_references(table_):
        try:
            read_secret(reference, settings.folder, f"{settings.source_of(place)}: {place}: {key}")
        except ConfigError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                remedy = "make the file first, for the user of the app alone (chmod 600), with the secret in it"
                raise ConfigError(f"{error}; {remedy}") from None
            if not isinstance(error.__cause__, PermissionError):  # the user of the app may read what this one may not
                raise


def _file_references(table_: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in table_.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, str) and one.startswith("file:"):
                yield key, one


def _tell(as_json: bool, document: Mapping[str, Any], line: str) -> None:
    if as_json:
        say_document(document)
    else:
        say(line)
