"""What can go wrong, as one tree.

TwoFactorError
├─ ConfigError          settings, keys or plugins cannot be used: the start stops
│  ├─ KeysError         no key, a short key, or a key file that others can read
│  └─ PluginError       a plugin is missing, there twice, or broken
├─ StoreError           the store cannot answer: the request is refused with 503
│  ├─ StoreUnavailable  it is down, slow, full or locked
│  └─ StoreMismatch     it is another store than the one that the settings name, or an older copy of it
│     └─ StoreMissing   there is none, or an empty place
├─ AppUnreadable        the app, asked who is logged in, did not answer as it has to: 503
├─ UnreadableRecord     a record does not open under our keys: 503 for that user
├─ BadFile              a file that was exported, or comes from elsewhere, cannot be used as a whole
└─ BadRequest           a request to one of our own pages cannot be read: 400 to 415

In front of the app every one of them refuses. ``refusals.py`` is the one place that turns them into answers.
"""

from __future__ import annotations


class TwoFactorError(Exception):
    """The root of all errors of this package."""


class ConfigError(TwoFactorError):
    """The program cannot start like this; the message names the place, the value and the remedy."""


class KeysError(ConfigError):
    """The key ring cannot be used."""


class PluginError(ConfigError):
    """A plugin cannot be used; the message names its distribution and version where there is one."""


class StoreError(TwoFactorError):
    """The store did not answer. Nobody can be told from anybody, so nobody is let in."""


class StoreUnavailable(StoreError):
    """The store is down, slow, full or locked; what was asked may or may not have happened."""


class StoreMismatch(StoreError):
    """The store is not the one that the settings name by ``store_id``, or is an older copy of it."""


class StoreMissing(StoreMismatch):
    """Where the settings point, there is no store of ours: nobody has made it yet, or it is gone."""


class AppUnreadable(TwoFactorError):
    """The app was asked something in process and failed, was slow, or said more than was asked for."""


class UnreadableRecord(TwoFactorError):
    """A stored record does not open: another key, another owner, or damage. It never means "not enrolled"."""


class BadFile(TwoFactorError):
    """A file with accounts cannot be used: it is damaged, does not open, or is of another realm. It names no content."""


class BadRequest(TwoFactorError):
    """A request to an own page that cannot be read, with the status that says why (RFC 9110 §15.5)."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
