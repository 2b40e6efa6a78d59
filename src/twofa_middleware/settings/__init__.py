"""The settings of a realm: every key, its default, and where it comes from (defaults < file < environment).

One file serves all apps of a realm. ``TWOFA__SECTION__KEY`` in the environment goes over the file; its value is read as
TOML, and as plain text where it is none. What cannot be used stops the start, and the error says what to do.
"""

from .model import Accepted, Administration, AppSettings, Enforcement, Events, Insert, ServiceAccount, Settings
from .reading import struct_of

__all__ = [
    "Accepted",
    "Administration",
    "AppSettings",
    "Enforcement",
    "Events",
    "Insert",
    "ServiceAccount",
    "Settings",
    "struct_of",
]
