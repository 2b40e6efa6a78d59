"""The settings of a realm: every key, its default, and where it comes from (defaults < file < environment).

One file serves all apps of a realm. ``TWOFA__SECTION__KEY`` in the environment goes over the file; its value is read as
TOML, and as plain text where it is none. What cannot be used stops the start, and the error says what to do.
"""

from .model import Administration, AppSettings, Enforcement, Events, ServiceAccount, Settings
from .reading import struct_of

__all__ = ["Administration", "AppSettings", "Enforcement", "Events", "ServiceAccount", "Settings", "struct_of"]
