"""The words that every part uses, and what a plugin has to be."""

from .hooks import Directory, IdentityResolver, Member, Person, PluginContext, RolesResolver, Sink
from .stores import Finding, Layout, Store, StoreOptions
from .words import (
    MAX_USER_ID_BYTES,
    Anonymous,
    Ask,
    Event,
    Flow,
    Identity,
    Login,
    Reads,
    Reply,
    Result,
    Unknown,
    UserKey,
    user_id,
)

__all__ = [
    "MAX_USER_ID_BYTES",
    "Anonymous",
    "Ask",
    "Directory",
    "Event",
    "Finding",
    "Flow",
    "Identity",
    "IdentityResolver",
    "Layout",
    "Login",
    "Member",
    "Person",
    "PluginContext",
    "Reads",
    "Reply",
    "Result",
    "RolesResolver",
    "Sink",
    "Store",
    "StoreOptions",
    "Unknown",
    "UserKey",
    "user_id",
]
