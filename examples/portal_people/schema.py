"""The tables, as the steps that make them: PRAGMA user_version says how many a file has behind it."""

from __future__ import annotations

FIRST = """
CREATE TABLE users (id INTEGER PRIMARY KEY, user_name TEXT NOT NULL UNIQUE,
    first_name TEXT NOT NULL, last_name TEXT NOT NULL, email TEXT NOT NULL, phone TEXT NOT NULL,
    password TEXT, disabled INTEGER NOT NULL DEFAULT 0);
CREATE TABLE roles (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE groups (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE user_roles (user_id INTEGER REFERENCES users, role_id INTEGER REFERENCES roles,
    PRIMARY KEY (user_id, role_id));
CREATE TABLE group_roles (group_id INTEGER REFERENCES groups, role_id INTEGER REFERENCES roles,
    PRIMARY KEY (group_id, role_id));
CREATE TABLE group_members (group_id INTEGER REFERENCES groups, user_id INTEGER REFERENCES users,
    PRIMARY KEY (group_id, user_id));
CREATE TABLE api_tokens (digest TEXT PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users,
    expires INTEGER NOT NULL);
CREATE TABLE forms (slug TEXT PRIMARY KEY, title TEXT NOT NULL, about TEXT NOT NULL,
    offered TEXT NOT NULL, fields TEXT NOT NULL);
CREATE TABLE tasks (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users,
    form TEXT NOT NULL REFERENCES forms, title TEXT NOT NULL, due TEXT NOT NULL,
    done INTEGER NOT NULL DEFAULT 0);
CREATE TABLE submissions (id INTEGER PRIMARY KEY, form TEXT NOT NULL REFERENCES forms,
    user_id INTEGER REFERENCES users, task_id INTEGER REFERENCES tasks, answers TEXT NOT NULL,
    submitted INTEGER NOT NULL, changed INTEGER NOT NULL)
"""

# `security` has one row. Two names that differ only in capital letters would be taken for one another.
SECOND = """
ALTER TABLE roles ADD COLUMN built_in INTEGER NOT NULL DEFAULT 0;
ALTER TABLE groups ADD COLUMN email TEXT NOT NULL DEFAULT '';
ALTER TABLE groups ADD COLUMN auto_assign INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX role_names ON roles (name COLLATE NOCASE);
CREATE UNIQUE INDEX group_names ON groups (name COLLATE NOCASE);
CREATE TABLE role_permissions (role_id INTEGER REFERENCES roles ON DELETE CASCADE, permission TEXT,
    PRIMARY KEY (role_id, permission));
CREATE TABLE security (password_length INTEGER NOT NULL DEFAULT 10, login_notice TEXT NOT NULL DEFAULT '',
    audit_days INTEGER NOT NULL DEFAULT 365);
INSERT INTO security DEFAULT VALUES;
CREATE TABLE audit (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, user_id INTEGER NOT NULL REFERENCES users,
    user_name TEXT NOT NULL, what TEXT NOT NULL)
"""
