"""The inserts of an app, made ready at the start: which page, which place, what, and about whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ..asks import Call
from ..errors import ConfigError
from ..policy.paths import PathRule
from ..protocol import Flow
from ..references import load_callable
from ..settings import Accepted, AppSettings, Insert
from .selector import Selector

What: TypeAlias = Literal["profile-link", "user-checkbox", "role-checkbox", "role-mark", "template"]

CHECKBOXES = frozenset({"user-checkbox", "role-checkbox"})
_NEEDS_TARGET = CHECKBOXES | {"role-mark"}
_SOURCES = ("path", "field", "attr")


@dataclass(frozen=True, slots=True)
class InsertRule:
    """One insert. ``source`` and ``name`` say where the target stands; ``resolve`` makes a user id or a role of it.

    ``saved_at``: where the app sends the browser once it has saved, None if it need not send it anywhere.
    """

    number: int
    path: PathRule
    selector: Selector
    settings: Insert
    source: str
    name: str
    resolve: Callable[..., Any] | None
    accepted: Accepted | None
    saved_at: PathRule | None

    @property
    def what(self) -> What:
        return self.settings.what

    @property
    def has_form(self) -> bool:
        """Whether it stands in a form of the app's, whose POST concerns us."""
        return self.what in CHECKBOXES

    def target_of(self, parts: Mapping[str, str], attributes: Mapping[str, str], field: str | None) -> Flow[str | None]:
        """The user id or the role; None where the page does not say."""
        found = {"path": parts.get(self.name), "attr": attributes.get(self.name), "field": field}.get(self.source)
        if found is None or self.resolve is None:
            return found
        resolved = yield from Call(self.resolve, (found,))
        return None if resolved is None else str(resolved)


def rules_of(app: AppSettings, name: str, source: str, *, asynchronous: bool) -> tuple[InsertRule, ...]:
    """The rules of an app; ConfigError names the insert that cannot be used, and why."""
    return tuple(
        _rule(insert, number, f"{source}: [apps.{name}] inserts {number}", asynchronous)
        for number, insert in enumerate(app.inserts, 1)
    )


def _rule(insert: Insert, number: int, where: str, asynchronous: bool) -> InsertRule:
    try:
        path, selector = PathRule.parse(f"GET,POST {insert.path}"), Selector.parse(insert.selector)
        kind, _, name = insert.target.partition(":")
        if insert.what in _NEEDS_TARGET and (kind not in _SOURCES or not name):
            raise ConfigError('target: write "path:NAME", "field:NAME" or "attr:NAME"')
        if kind == "path" and name not in path.pattern.groupindex:
            raise ConfigError(f"target: the path has no {{{name}}}")
        if insert.what in CHECKBOXES and insert.accepted is None:
            raise ConfigError('accepted: say what the app answers once it has saved, such as { location = "/users" }')
        if insert.what in CHECKBOXES and insert.every:
            raise ConfigError("every: a form has one check box of a kind")
        if (insert.what == "template") is not bool(insert.template):
            raise ConfigError('template: name the file of what = "template", and of nothing else')
        accepted = insert.accepted
        saved_at = PathRule.parse(f"GET {accepted.location}") if accepted and accepted.location else None
        resolve = load_callable(insert.resolve, "resolve", asynchronous=asynchronous) if insert.resolve else None
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error.__cause__
    return InsertRule(number, path, selector, insert, kind, name, resolve, accepted, saved_at)
