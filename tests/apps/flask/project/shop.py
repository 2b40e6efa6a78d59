"""A shop with Flask and Flask-Login. It knows nothing of a second factor."""

import json
import os
from hmac import compare_digest
from pathlib import Path

from flask import Flask, jsonify, redirect, render_template_string, request
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user, logout_user

app = Flask(__name__)
app.secret_key = os.environ["SECRET_KEY"]
people = json.loads(Path(__file__).with_name("people.json").read_text())
login_manager = LoginManager(app)
login_manager.login_view = "login"

PAGE = """<!doctype html><title>Shop</title>
{% if current_user.is_authenticated %}<p>{{ current_user.id }}</p>{% endif %}
{% for message in get_flashed_messages() %}<p role="alert">{{ message }}</p>{% endfor %}
{{ body|safe }}"""
FORM = """<form method="post"><input name="name"><input name="password" type="password">
<label><input type="checkbox" name="remember"> Remember me</label><button>Log in</button></form>"""


class User(UserMixin):
    def __init__(self, name):
        self.id = name


@login_manager.user_loader
def load_user(name):
    return User(name) if name in people else None


@app.get("/")
def home():
    return render_template_string(PAGE, body="<h1>The shop</h1>")


@app.route("/login", methods=["GET", "POST"])
def login():
    if request.method == "GET":
        return render_template_string(PAGE, body=FORM)
    name = request.form["name"]
    if not compare_digest(people.get(name, ""), request.form["password"]):
        return render_template_string(PAGE, body="<p>Wrong name or password.</p>" + FORM), 401
    login_user(User(name), remember="remember" in request.form)
    return redirect("/account")


@app.post("/logout")
@login_required
def logout():
    logout_user()
    return redirect("/")


@app.route("/account", methods=["GET", "POST"])
@login_required
def account():
    return render_template_string(PAGE, body="<h1>Your account</h1>")


@app.get("/api/orders")
@login_required
def orders():
    return jsonify(user=current_user.id, orders=[])
