"""The people of the two demo portals: one small SQLite database that Produce and Manage share.

An app calls `prepare()` when it starts; whoever comes first creates and seeds the file, everybody
later keeps what is there. Users, passwords, groups and roles live here and nowhere else. Only the
standard library is used.
"""

from __future__ import annotations

from .connection import database
from .groups import all_groups, groups_of
from .passwords import change_password, check_password
from .people import NameTaken, Person, everybody, person, save_profile, save_user
from .roles import (
    END_USER,
    GLOBAL_ADMINISTRATOR,
    IMPERSONATE_USERS,
    WORKFLOW_ADMINISTRATOR,
    all_roles,
    own_roles_of,
    roles_of,
)
from .seed import DEMO_PASSWORDS, GROUP_ROLES, prepare
from .tokens import TOKEN_HOURS, issue_token, user_of_token

__all__ = [
    "DEMO_PASSWORDS",
    "END_USER",
    "GLOBAL_ADMINISTRATOR",
    "GROUP_ROLES",
    "IMPERSONATE_USERS",
    "TOKEN_HOURS",
    "WORKFLOW_ADMINISTRATOR",
    "NameTaken",
    "Person",
    "all_groups",
    "all_roles",
    "change_password",
    "check_password",
    "database",
    "everybody",
    "groups_of",
    "issue_token",
    "own_roles_of",
    "person",
    "prepare",
    "roles_of",
    "save_profile",
    "save_user",
    "user_of_token",
]
