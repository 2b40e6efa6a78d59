"""A shop with Quart, which keeps Flask's sessions."""

import json
import os
import secrets
from hmac import compare_digest
from pathlib import Path

from quart import Quart, redirect, request, session, url_for

app = Quart(__name__)
app.secret_key = os.environ["SECRET_KEY"]
people = json.loads(Path(__file__).with_name("people.json").read_text())


@app.get("/")
async def home():
    return "<h1>The shop</h1>"


@app.post("/login")
async def login():
    form = await request.form
    if not compare_digest(people.get(form.get("name"), "\0"), form.get("password", "")):
        return "wrong", 401
    session.clear()
    session.update(user=form["name"], login=secrets.token_hex(8))
    return redirect(url_for("me"))


@app.post("/logout")
async def logout():
    session.clear()
    return redirect(url_for("home"))


@app.route("/me", methods=["GET", "POST"])
async def me():
    return (f"<p>{session['user']}</p>", 200) if "user" in session else ("nobody", 401)
