"""The database, and who may log in: what somebody has beforehand who runs Datasette with passwords."""

import json
import sqlite3
from pathlib import Path

from datasette_auth_passwords.utils import hash_password

people = json.loads(Path("people.json").read_text())
hashed = hash_password(next(iter(people.values())))  # everybody's is the same here
Path("people.json").unlink()  # Datasette would take it for nothing, and a reader for a list of passwords

with sqlite3.connect("shop.db") as db:
    db.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, what TEXT)")
    db.execute("INSERT INTO orders (what) VALUES ('a kettle')")

passwords = {f"{name}_password_hash": hashed for name in people}
metadata = {
    "title": "The shop",
    "databases": {"shop": {"allow": {"id": "*"}}},
    "plugins": {"datasette-auth-passwords": passwords},
}
Path("metadata.json").write_text(json.dumps(metadata))
