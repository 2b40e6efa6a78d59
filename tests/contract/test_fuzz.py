"""Requests that nobody thought of: whatever is sent with the password alone, no pass comes of it and no fault of ours.

Attacks 1, 6, 17, 18, 43, 45, 104.
"""

from __future__ import annotations

from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.stage import Stage
from support.visitor import FORM_TYPE, forms_of

FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = st.sampled_from(
    ["code", "recovery", "token", "next", "remember", "user", "action", "codes", "browser", "code[]"]
)
VALUES = st.one_of(st.text(max_size=20), st.from_regex(r"[0-9]{5,7}", fullmatch=True), st.just("1"))


@FUZZ
@given(fields=st.lists(st.tuples(NAMES, VALUES), max_size=6), raw=st.binary(max_size=60), has_token=st.booleans())
def test_a018_a045_a104_no_body_passes_the_prompt(
    stage: Stage, fields: list[tuple[str, str]], raw: bytes, has_token: bool
) -> None:
    erin = next((one for one in stage.everybody), None) or stage.enrolled()
    stage.clock.on(3600)
    thief = stage.visitor("erin", "login-2", key=erin.key)
    hidden = forms_of(thief.go("/2fa/verify").text)
    token = [("token", hidden[0].hidden["token"])] if has_token else []
    near = {thief.code(30 * step) for step in range(-1, 2)}
    body = "&".join(f"{name}={quote(value, errors='surrogatepass')}" for name, value in [*token, *fields]).encode()
    for path in ("verify", "disable", "codes", "setup", "browsers"):
        for sent in (body, body + b"&" + raw, raw):
            if not any(code.encode() in sent for code in near):
                reply = thief.go(f"/2fa/{path}", "POST", [FORM_TYPE], sent)
                assert reply.status in (303, 400, 403, 422, 429)
    assert (thief.cookie("pass"), thief.go("/home").status, stage.spy.calls) == ("", 303, [])


@FUZZ
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]),
    path=st.lists(
        st.sampled_from(["/", "static", "2fa", "..", ".", "%2e", "%2f", "//", ";", "login", "x", "%00", "%ff", "\\"])
    ),
    query=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30),
    headers=st.lists(
        st.tuples(
            st.sampled_from(
                ["Accept", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Origin", "Host", "X-Original-URL", "Upgrade"]
            ),
            st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=20),
        ),
        max_size=4,
    ),
)
def test_a001_a006_a017_no_request_reaches_the_app(
    stage: Stage, method: str, path: list[str], query: str, headers: list[tuple[str, str]]
) -> None:
    erin = next((one for one in stage.everybody), None) or stage.enrolled()
    target = "/" + "".join(path)
    cookie = ("Cookie", f"session={erin.cookies['session']}")
    reply = erin.exchange.request(method, f"{target}?{query}", [cookie, *headers])
    exempt = [call for call in stage.spy.calls if "cookie" in call.headers or not call.path.startswith("/static/")]
    assert (exempt, reply.status >= 500) == ([], False)
