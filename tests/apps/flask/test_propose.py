"""What ``twofa propose`` writes for Flask."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from support.projects import run
from support.proposals import SECRET, code_of, propose
from support.recipes import files_of
from twofa_middleware.identity.signed_cookie import SignedCookieOptions

FACTORY = "import types, shop\ndef create_app(): return shop.app\nmade = types.SimpleNamespace(app=shop.app)\n"

WITHOUT_FLASK_LOGIN = """
from flask import Flask, session
from werkzeug.middleware.proxy_fix import ProxyFix
app = Flask(__name__, static_url_path="/files")
app.config |= {"SECRET_KEY": "what no variable holds", "SESSION_COOKIE_NAME": "mine"}
app.wsgi_app = ProxyFix(app.wsgi_app)
@app.route("/account/sign-in", methods=["GET", "POST"])
def sign_in():
    session["basket"] = []
    session["account_id"] = 7
    return ""
@app.get("/<int:number>/Log-Out")
def log_out(number): return ""
wrapped = ProxyFix(app)
"""


def test_of_flask_login_nothing_is_left_to_choose(tmp_path: Path) -> None:
    made = propose("flask", tmp_path, "shop:app")
    assert made.app.identity == ({"use": "flask_login", "secret": "env:SECRET_KEY"},)
    assert (made.app.login, made.app.logout) == (("POST /login",), ("POST /logout",))
    assert (made.app.login_page, made.app.home, made.app.exempt) == ("/login", "/", ())
    assert '# exempt = ["GET /static/**"]' in made.text
    assert "the variable SECRET_KEY" in made.comments
    assert code_of(made.said) == files_of("flask")["guarded.py"]


@pytest.mark.parametrize("target", ["shop:app", "factory:create_app()", "factory:made.app"])
def test_the_app_starts_with_the_proposal_and_its_line_of_code(tmp_path: Path, target: str) -> None:
    made = propose("flask", tmp_path, target, factory=FACTORY)
    environ = {"SECRET_KEY": SECRET}
    run(tmp_path, "twofa", "init", environ=environ)
    (tmp_path / "guarded.py").write_text(code_of(made.said))
    asked = "from guarded import application; from werkzeug.test import Client\n"
    asked += 'print(Client(application).get("/login").status_code, type(application).__module__)'
    answer = run(tmp_path, "python", "-c", asked, environ=environ)
    assert answer.split() == ["200", "twofa_middleware_wsgi.middleware"]


def test_flask_login_s_own_settings_are_taken_over(tmp_path: Path) -> None:
    more = "from shop import app\napp.config |= {'SESSION_COOKIE_NAME': 's', 'REMEMBER_COOKIE_NAME': 'r', "
    more += "'PERMANENT_SESSION_LIFETIME': 600, 'SESSION_COOKIE_PATH': '/till', 'SECRET_KEY_FALLBACKS': ['an older secret']}\n"
    more += "app.login_manager.request_loader(lambda request: None)\n"
    made = propose("flask", tmp_path, "other:app", other=more)
    [identity] = made.app.identity
    assert identity == {
        "use": "flask_login",
        "secret": ["env:SECRET_KEY", "env:SECRET_KEY_FALLBACK"],
        "cookie": "s",
        "remember_cookie": "r",
        "max_age_seconds": 600,
    }
    assert made.app.cookie_path == "/till"
    assert "request_loader" in made.comments
    assert "older secret" not in made.text


def test_the_line_that_is_proposed_for_a_session_is_whole_also_for_an_app_as_flask_makes_it(tmp_path: Path) -> None:
    usual = WITHOUT_FLASK_LOGIN.replace("mine", "session")
    assert usual != WITHOUT_FLASK_LOGIN
    made = propose("", tmp_path, "own:app", own=usual)
    [line] = re.findall(r"identity = \[\{ use = \"signed_cookie\"[^]]*\]", made.comments)
    [identity] = tomllib.loads(line)["identity"]
    assert identity.pop("use") == "signed_cookie"
    assert msgspec.convert(identity, SignedCookieOptions).cookie == "session"  # which fails where a key is missing


def test_without_flask_login_a_person_chooses_what_names_the_user(tmp_path: Path) -> None:
    for target in ("own:app", "own:wrapped"):
        made = propose("", tmp_path, target, own=WITHOUT_FLASK_LOGIN)
        assert made.app.identity == ({"use": "CHOOSE"},)
        assert "account_id, basket" in made.comments
        assert (
            'identity = [{ use = "signed_cookie", secret = "env:SECRET_KEY", cookie = "mine", user = "account_id" }]'
            in made.comments
        )
        assert made.app.login == ("POST /account/sign-in",)
        assert made.app.logout == ("GET /{number}/Log-Out",)
        assert made.app.login_page == "/account/sign-in"
        assert '"GET /files/**"' in made.text
        assert "what no variable holds" not in made.text + made.said
        (tmp_path / "twofa.toml").unlink()
