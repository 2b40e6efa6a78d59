"""A shop with Flask alone, whose addresses know of the mount."""

import json
import os
import secrets
from hmac import compare_digest
from pathlib import Path

from flask import Flask, redirect, request, session, url_for

app = Flask(__name__)
app.secret_key = os.environ["SECRET_KEY"]
people = json.loads(Path(__file__).with_name("people.json").read_text())


@app.get("/")
def home():
    return "<h1>The shop</h1>"


@app.post("/login")
def login():
    if not compare_digest(people.get(request.form.get("name"), "\0"), request.form.get("password", "")):
        return "wrong", 401
    session.clear()
    session.update(user=request.form["name"], login=secrets.token_hex(8))
    return redirect(url_for("me"))


@app.post("/logout")
def logout():
    session.clear()
    return redirect(url_for("home"))


@app.route("/me", methods=["GET", "POST"])
def me():
    return (f"<p>{session['user']}</p>", 200) if "user" in session else ("nobody", 401)
