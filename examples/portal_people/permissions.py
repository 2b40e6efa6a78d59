"""What roles allow. The list is fixed; which role allows what is kept with the role."""

from __future__ import annotations

import sqlite3

from .connection import database

ENTER_MANAGE = "enter_manage"
EDIT_USERS = "edit_users"
EDIT_GROUPS_AND_ROLES = "edit_groups_and_roles"
EDIT_SETTINGS = "edit_settings"
SEE_AUDIT = "see_audit"
APPROVE_REQUESTS = "approve_requests"
IMPERSONATE = "impersonate_users"

PERMISSIONS = {
    ENTER_MANAGE: "Log in to Manage",
    EDIT_USERS: "Edit users",
    EDIT_GROUPS_AND_ROLES: "Edit groups and roles",
    EDIT_SETTINGS: "Change settings",
    SEE_AUDIT: "See the audit",
    APPROVE_REQUESTS: "Approve requests",
    IMPERSONATE: "Impersonate users",
}


def permissions_of(user_id: int) -> frozenset[str]:
    """What the user may do by any role, direct or through groups; nothing when disabled."""
    with database() as db:
        return permissions_within(db, user_id)


def permissions_within(db: sqlite3.Connection, user_id: int) -> frozenset[str]:
    """The same as a transaction sees it, with the changes that it has made so far."""
    rows = db.execute(
        "SELECT permission FROM role_permissions JOIN users ON users.id = ? AND NOT disabled WHERE role_id IN"
        " (SELECT role_id FROM user_roles WHERE user_id = users.id UNION"
        " SELECT role_id FROM group_roles JOIN group_members USING (group_id) WHERE user_id = users.id)",
        (user_id,),
    )
    return frozenset(row["permission"] for row in rows)
