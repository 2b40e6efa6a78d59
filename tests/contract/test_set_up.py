"""Set-up: a key is shown, and nothing is on before a code made with it was right. Attacks 30, 54, 59 to 65, 98."""

from __future__ import annotations

import re

import pytest

from support.realm import code_at
from support.stage import Stage
from support.visitor import key_of


def test_the_page_shows_key_picture_and_the_button(stage: Stage) -> None:
    page = stage.visitor("erin").go("/2fa/setup")
    assert re.search(r"<svg [^>]*QR code", page.text)
    assert "Turn On</button>" in page.text
    assert "Nothing changes until the code is right." in page.text
    assert "The server’s time is 08:00:00 (UTC)" in page.text


def test_a098_the_picture_is_drawn_here_and_the_page_asks_nobody_else(stage: Stage) -> None:
    page = stage.visitor("erin").go("/2fa/setup").text
    addresses = re.findall(r'(?:src|href|action)="([^"]*)"', page)
    assert all(address.startswith(("/2fa/", "otpauth://totp/", "data:image/svg+xml,")) for address in addresses)


def test_a_right_code_turns_it_on_and_shows_ten_recovery_codes(stage: Stage) -> None:
    erin = stage.visitor("erin")
    shown = erin.set_up()
    assert (shown.status, len(set(erin.codes))) == (200, 10)
    assert "Save your 10 recovery codes" in shown.text
    assert 'is <strong>on</strong> since <span class="whole">15 January 2027</span>.' in erin.go("/2fa/account").text


@pytest.mark.parametrize(
    ("seconds", "accepted", "words"),
    [
        (0, True, ""),
        (-30, True, ""),
        (30, True, ""),
        (-60, False, "That code is about 1 minute old."),
        (-600, False, "That code is about 10 minutes old."),
        (-630, False, "That code isn’t right."),
        (60, False, "The clock of your phone is about 1 minute ahead."),
        (600, False, "The clock of your phone is about 10 minutes ahead."),
        (630, False, "That code isn’t right."),
    ],
)
def test_a064_a_code_of_another_time_is_explained_and_turns_nothing_on(
    stage: Stage, seconds: int, accepted: bool, words: str
) -> None:
    erin = stage.visitor("erin")
    page = erin.go("/2fa/setup")
    reply = erin.fill(page, "/setup", code=erin.code(seconds))
    assert (reply.status, words in reply.text) == (200 if accepted else 422, True)
    assert ("<strong>on</strong>" in erin.go("/2fa/account").text) == accepted


@pytest.mark.parametrize("code", ["", " ", "000000", "null", "12345", "1234567", "true", "[]"])
def test_a064_a_wrong_code_turns_nothing_on_and_the_key_stays(stage: Stage, code: str) -> None:
    erin = stage.visitor("erin")
    page = erin.go("/2fa/setup")
    assert erin.code() != "000000"
    refused = erin.fill(page, "/setup", code=code)
    assert (refused.status, key_of(refused.text)) == (422, erin.key)
    assert "4 tries left" in refused.text
    assert "<strong>off</strong>" in erin.go("/2fa/account").text


def test_a018_a_form_without_a_code_is_refused(stage: Stage) -> None:
    erin = stage.visitor("erin")
    page = erin.go("/2fa/setup")
    assert erin.fill(page, "/setup").status == 400
    assert "<strong>off</strong>" in erin.go("/2fa/account").text


def test_the_key_is_the_same_until_the_ten_minutes_are_over(stage: Stage) -> None:
    erin = stage.visitor("erin")
    first = key_of(erin.go("/2fa/setup").text)
    stage.clock.on(599)
    assert key_of(erin.go("/2fa/setup").text) == first
    stage.clock.on(1)
    assert key_of(erin.go("/2fa/setup").text) != first


def test_a063_a_set_up_that_took_longer_than_ten_minutes_begins_anew(stage: Stage) -> None:
    erin = stage.visitor("erin")
    page = erin.go("/2fa/setup")
    old = erin.key
    stage.clock.on(600)
    refused = erin.fill(page, "/setup", code=code_at(old, stage.clock.now))
    assert (refused.status, "longer than ten minutes" in refused.text) == (422, True)
    assert key_of(refused.text) != old
    assert erin.fill(refused, "/setup", code=erin.code()).status == 200


def test_a062_of_two_browsers_that_set_up_at_once_the_first_wins(stage: Stage) -> None:
    one, other = stage.visitor("erin"), stage.visitor("erin", "login-2")
    theirs, mine = other.go("/2fa/setup"), one.go("/2fa/setup")
    assert one.key != other.key
    assert one.fill(mine, "/setup", code=one.code()).status == 200
    late = other.fill(theirs, "/setup", code=other.code())
    assert (late.status, late.header("location")) == (303, "/2fa/account")
    stage.clock.on(30)
    one.log_in(login="login-3")
    assert one.verify().header("location") == "/home"
    other.log_in(login="login-4")
    assert other.verify().status == 422


def test_a063_nobody_confirms_a_key_that_somebody_else_brought(stage: Stage) -> None:
    thief, erin = stage.visitor("thief"), stage.visitor("erin")
    planted = thief.go("/2fa/setup")
    erin.cookies["2fa-flow-test-shop"] = thief.cookie("flow")
    page = erin.go("/2fa/setup")
    assert key_of(page.text) != key_of(planted.text)
    reply = erin.post(
        "/2fa/setup", {"token": _token(page.text), "code": thief.code(), "secret": thief.key, "key": thief.key}
    )
    assert reply.status == 422


def _token(html: str) -> str:
    found = re.search(r'action="/2fa/setup".*?name="token" value="([^"]+)"', html, re.DOTALL)
    if found is None:
        raise AssertionError("the page has no token")
    return found[1]


def test_a054_the_code_of_the_set_up_is_spent(stage: Stage) -> None:
    erin = stage.visitor("erin")
    erin.set_up()
    erin.log_in(login="login-2")
    reply = erin.verify(erin.code())
    assert (reply.status, "has been used already" in reply.text) == (422, True)


@pytest.mark.parametrize("ask", ["GET", "HEAD", "POST"])
def test_a059_with_the_password_alone_nobody_gets_a_new_key(stage: Stage, ask: str) -> None:
    stage.enrolled()
    thief = stage.visitor("erin", "login-2")
    reply = thief.go("/2fa/setup", ask)
    assert (reply.status, thief.key) == (303 if ask != "POST" else 415, "")
    with stage.database() as db:
        assert db.execute("SELECT count(*) FROM setups").fetchone() == (0,)


def test_a059_a_set_up_begun_before_turn_on_is_dead_after_it(stage: Stage) -> None:
    thief = stage.visitor("erin", "login-2")
    page = thief.go("/2fa/setup")
    stage.enrolled()
    reply = thief.fill(page, "/setup", code=thief.code())
    assert (reply.status, reply.header("location")) == (303, "/2fa/account")
    assert thief.go("/home").status == 303


def test_a060_the_key_is_never_shown_after_turn_on(stage: Stage) -> None:
    erin = stage.visitor("erin")
    shown = erin.set_up()
    pages = [shown, *(erin.go(f"/2fa/{page}") for page in ("setup", "account", "codes", "disable", "verify"))]
    pages += [
        erin.post("/2fa/setup", {"token": "x", "code": "1"}),
        erin.fetch("/2fa/setup"),
        erin.go("/2fa/setup", "HEAD"),
    ]
    for page in pages:
        assert erin.key not in page.text
        assert erin.key.replace(" ", "") not in page.text
        assert "otpauth" not in page.text


def test_a060_nor_does_it_stand_in_the_store(stage: Stage) -> None:
    import base64

    erin = stage.enrolled()
    raw = base64.b32decode(erin.key.replace(" ", ""))
    files = b"".join(path.read_bytes() for path in stage.realm.store_file.parent.glob("twofa.db*"))
    assert len(files) > 4096
    for secret in (raw, erin.key.encode(), *(code.encode() for code in erin.codes)):
        assert secret not in files
        assert secret.replace(b"-", b"") not in files


def test_a061_another_site_neither_reads_nor_changes_a_key(stage: Stage) -> None:
    erin = stage.visitor("erin")
    page = erin.go("/2fa/setup")
    for site in ("cross-site", "same-site", "none"):
        headers = [("Sec-Fetch-Site", site), ("Sec-Fetch-Mode", "navigate")]
        cookie = ("Cookie", "; ".join(f"{name}={value}" for name, value in erin.cookies.items()))
        body = f"token={_token(page.text)}&code={erin.code()}".encode()
        form = ("Content-Type", "application/x-www-form-urlencoded")
        assert erin.exchange.request("POST", "/2fa/setup", [*headers, cookie, form], body).status == 403
    assert "<strong>off</strong>" in erin.go("/2fa/account").text


def test_a109_begun_set_ups_are_few_and_only_after_a_log_in(stage: Stage) -> None:
    for _ in range(6):
        stage.visitor("erin").go("/2fa/setup")
        stage.visitor().go("/2fa/setup")
    with stage.database() as db:
        assert db.execute("SELECT count(*) FROM setups").fetchone() == (3,)


def test_the_whole_set_up_again_after_disable(stage: Stage) -> None:
    erin = stage.enrolled()
    first = erin.key
    erin.confirm("disable")
    stage.clock.on(30)
    erin.set_up()
    assert erin.key != first
    assert erin.go("/home").status == 200
