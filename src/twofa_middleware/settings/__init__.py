"""The settings of a realm: every key, its default, and where it comes from (defaults < file < ``twofa.d`` < environment).

One file serves all apps of a realm. Fragments in ``twofa.d`` beside it go over it (see ``layers.py``), and over them
``TWOFA__SECTION__KEY`` of the environment; its value is read as TOML, and as plain text where it is none. What cannot be used stops the start, and the error says what to do.
"""

from .apps import Accepted, AppSettings, Insert
from .model import Administration, Enforcement, Events, ServiceAccount, Settings
from .reading import struct_of
from .store import Acknowledge, StoreSettings

__all__ = [
    "Accepted",
    "Acknowledge",
    "Administration",
    "AppSettings",
    "Enforcement",
    "Events",
    "Insert",
    "ServiceAccount",
    "Settings",
    "StoreSettings",
    "struct_of",
]
