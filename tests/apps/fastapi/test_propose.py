"""What ``twofa propose`` writes for FastAPI and Starlette."""

from __future__ import annotations

from pathlib import Path

from support.proposals import propose

TOKENS = """
from fastapi import Depends, FastAPI
from fastapi.security import HTTPBearer
from starlette.routing import Mount
app = FastAPI()
inner = FastAPI()
@inner.post("/{part:path}/logout")
def out(): ...
@app.get("/me")
def me(token=Depends(HTTPBearer())): ...
app.mount("/inner", inner)
"""


def test_the_session_of_the_shop_is_proposed_and_a_person_chooses(tmp_path: Path) -> None:
    made = propose("fastapi", tmp_path, "shop:app")
    assert made.app.identity == ({"use": "CHOOSE"},)
    assert "FastAPI" in made.comments
    assert 'use = "signed_cookie"' in made.comments
    assert 'format = "starlette"' in made.comments
    assert "TwoFactorMiddleware(app, " in made.said
    assert "twofa_middleware.asgi" in made.said


def test_doors_that_the_app_describes_itself_are_told_of(tmp_path: Path) -> None:
    made = propose("", tmp_path, "own:app", own=TOKENS)
    assert "HTTPBearer (http bearer)" in made.comments
    assert made.app.logout == ("POST /inner/{part}/logout",)
    assert 'use = "bearer"' in made.comments
