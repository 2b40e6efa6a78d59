"""What every act on an account needs, whoever asks for it: a page of an app, or the command line."""

from __future__ import annotations

from dataclasses import dataclass

from .protocol import Directory, Event, Login, Person, UserKey
from .sealing import Sealer
from .settings import Settings


@dataclass(frozen=True, slots=True, eq=False)
class Desk:
    """``app`` is where it is asked for, empty for the command line; ``directory`` lists people, if the settings name one."""

    settings: Settings
    sealer: Sealer
    app: str = ""
    directory: Directory | None = None

    @property
    def pinned(self) -> frozenset[str]:
        """The roles that the settings pin: they must have a second factor, whatever the store says."""
        return frozenset(self.settings.enforcement.pinned)

    def user_key(self, user: str) -> UserKey:
        return self.sealer.user_key(user)

    def event(self, name: str, about: Login | Person | None, now: int, **facts: str | int) -> Event:
        """An event at this desk; ``about`` is whom it happened to."""
        if about is None:
            return Event(name, now, self.app, facts=facts)
        return Event(name, now, self.app, about.user, facts, label=about.label)
