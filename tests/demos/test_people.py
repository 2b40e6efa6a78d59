"""The database of the people, when it was made by an older version."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import portal_people
from portal_people.schema import FIRST


def test_a_database_of_before_is_brought_up_to_date_and_keeps_what_it_holds(fresh_database: None) -> None:
    Path(os.environ["PORTAL_DB"]).parent.mkdir()
    with portal_people.database(write=True) as db:
        for statement in FIRST.split(";"):
            db.execute(statement)
        db.execute("INSERT INTO roles (name) VALUES ('Global Administrator')")
        db.execute("INSERT INTO users VALUES (7, 'old', 'Olga', 'Dee', 'o@example.com', '', NULL, 0)")
        db.execute("INSERT INTO user_roles VALUES (7, 1)")
        db.execute("PRAGMA user_version = 1")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: portal_people.prepare(), range(4)))
    assert portal_people.permissions_of(7) == set(portal_people.PERMISSIONS)
    assert portal_people.count_people("") == 1
