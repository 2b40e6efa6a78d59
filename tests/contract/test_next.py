"""Where a browser is sent after the prompt: to a path of the app's, or home. Attacks 89, 90, 107."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.exchange import Reply, encoded
from support.stage import Open, Stage
from support.visitor import Visitor, forms_of

ELSEWHERE = [
    "//evil.example", "///evil.example", "/\\evil.example", "\\/evil.example", "\\\\evil.example", "/\t/evil.example",
    "\t//evil.example", " //evil.example", "/\n/evil.example", "\r\n//evil.example", "/\x00/evil.example", "//evil",
    "https:evil.example", "https://evil.example", "http:/evil.example", "http:///evil.example", "HTTP://evil.example",
    "javascript:alert(1)", "data:text/html,x", "vbscript:x", "mailto:x@evil.example", "evil.example", "@evil.example",
    "?x", "#x", "", ".", "..", "../x", "http://localhost:8000@evil.example/", "http://localhost:8000.evil.example/",
    "http://localhost:8000/home", "http://localhost:8001/home", "/home\\", "/x\\..\\y", "/h\u00f6me", "/home page",
    "/x\x7f", "/x\u2028y", "/\u2215evil.example", "\uff0f\uff0fevil.example", "/" + "a" * 2000, "//", "/ /evil.example",
    "https%3A%2F%2Fevil.example", "%2F%2Fevil.example", "/x\r\nSet-Cookie: a=1", "/x%\r", "[//evil]", "//[::1]/",
]  # fmt: skip
OUR_OWN = ["/2fa", "/2fa/", "/2fa/verify?next=/2fa/verify", "/2fa/logout", "/2fa/disable", "/%32fa/verify", "/2fa/x#y"]
STEPS = ["/x/../bye", "/./bye", "/x/%2e%2e/bye", "/x/.%2E/bye", "/..", "/x/..", "/a/../2fa/verify", "/%2e/2fa/disable"]
GOOD = [
    "/",
    "/home",
    "/home?a=1&b=%2F",
    "/%C3%A9",
    "/x;y=1",
    "/a/b/",
    "/x?next=//evil",
    "/x#part",
    "/...",
    "/2fab",
    "/@x",
]
GOOD += ["/%09/evil.example", "/%5Cevil.example", "/%2F/evil.example", "/home:8000", "/x?u=http://localhost"]


@pytest.fixture
def erin(open_stage: Open) -> Visitor:
    erin = open_stage(shop={"logout": ["POST /logout", "ANY /bye"], "home": "/start"}).enrolled()
    erin.log_in(login="login-2")
    return erin


def prompted(visitor: Visitor, wanted: str) -> str:
    """What the prompt carries as the place to go to."""
    return _next(visitor.go(f"/2fa/verify?{encoded({'next': wanted}).decode()}"))


def after(visitor: Visitor, wanted: str) -> set[str | None]:
    """Where each of the ways leads that carry ``next``; without a pass the prompt is shown and refuses once first."""
    query = encoded({"next": wanted}).decode()
    page = visitor.go(f"/2fa/verify?{query}")
    places: set[str | None] = {_next(page)}
    hidden = forms_of(page.text)[0].hidden | {"next": wanted}
    places.add(_next(visitor.post("/2fa/verify", hidden | {"code": ""})))
    visitor.clock.on(30)
    places.add(visitor.post("/2fa/verify", hidden | {"code": visitor.code()}).header("location"))
    places.add(visitor.go(f"/2fa/verify?{query}").header("location"))
    return places


def _next(page: Reply) -> str:
    return forms_of(page.text)[0].hidden["next"]


def test_a089_nothing_leads_to_another_place(erin: Visitor) -> None:
    assert [wanted for wanted in ELSEWHERE if prompted(erin, wanted) != "/start"] == []


def test_a_path_of_the_apps_is_gone_to(erin: Visitor) -> None:
    assert [wanted for wanted in GOOD if prompted(erin, wanted) != wanted] == []


def test_a090_nothing_leads_to_a_log_out_or_round_in_circles(erin: Visitor) -> None:
    circles = [*OUR_OWN, *STEPS, "/bye", "/bye?x", "/%62ye", "/bye#x"]
    assert [wanted for wanted in circles if prompted(erin, wanted) != "/start"] == []


@pytest.mark.parametrize(
    ("wanted", "place"),
    [("/x?a=1", "/x?a=1"), ("//evil.example", "/start"), ("/\\evil", "/start"), ("/x/../bye", "/start")],
)
def test_a089_it_is_looked_at_wherever_it_is_used(erin: Visitor, wanted: str, place: str) -> None:
    assert after(erin, wanted) == {place}


@pytest.mark.parametrize("root", ["/app", "/%C3%A9"])
def test_a090_below_a_mount_only_what_lies_below_it(erin: Visitor, root: str) -> None:
    erin.root = root
    for wanted in ("/home", f"{root}x", f"{root}/2fa/verify", f"{root}/bye", f"{root}/../x", f"{root}/2fa"):
        assert prompted(erin, wanted) == f"{root}/start", wanted
    for wanted in (f"{root}/home", root, f"{root}/", f"{root}?x=1"):
        assert prompted(erin, wanted) == wanted


@pytest.mark.parametrize(
    "query", ["next=/a&next=/b", "next", "&" * 100, "a&" * 40 + "next=/home", "next=%ff", "\xff=\xfe"]
)
def test_a089_an_odd_query_leads_home(erin: Visitor, query: str) -> None:
    page = erin.go(f"/2fa/verify?{query}")
    assert (page.status, _next(page)) == (200, "/start")


def test_a090_of_a_request_to_the_log_out_its_own_address_never_comes_after(erin: Visitor) -> None:
    assert erin.go("/bye").header("location") == "/2fa/verify?next=/bye"
    assert erin.verify(next="/bye").header("location") == "/start"


@pytest.mark.parametrize(
    "path", ["//evil.example", "//evil.example/%2e%2e", "/\\evil.example", "/x y", "/" + "a" * 3000]
)
def test_a089_a_path_that_reads_like_a_host_does_not_come_after(erin: Visitor, path: str) -> None:
    location = erin.go(path).header("location") or ""
    assert location.startswith("/2fa/verify?next=/")
    assert _next(erin.go(location)) in ("/start", "/%5Cevil.example", "/x%20y")


def test_a089_set_up_and_codes_lead_nowhere_else_either(stage: Stage) -> None:
    erin = stage.visitor("erin")
    page = erin.go("/2fa/setup?next=//evil.example")
    form = next(form for form in forms_of(page.text) if form.action == "/2fa/setup")
    assert form.hidden["next"] == "/"
    shown = erin.post("/2fa/setup", form.hidden | {"code": erin.code(), "next": "//evil.example"})
    saved = next(form for form in forms_of(shown.text) if form.hidden.get("action") == "saved")
    assert saved.hidden["next"] == "/"
    again = erin.post("/2fa/codes", saved.hidden | {"next": "//evil.example"})
    assert again.status == 422
    assert erin.post("/2fa/codes", saved.hidden | {"next": "//evil.example", "saved": "1"}).header("location") == "/"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(),
        st.lists(
            st.sampled_from(["/", "\\", "\t", ".", "%2f", "@", "evil.example", ":", "http", " ", "\n", "?", "#"])
        ).map("".join),
    )
)
def test_a089_whatever_is_wanted_a_browser_stays_on_this_host(erin: Visitor, wanted: str) -> None:
    place = prompted(erin, wanted)
    assert place in ("/start", wanted)
    assert place.isascii()
    assert place.isprintable()
    # The WHATWG URL parser takes "\" for "/" and drops tabs and line breaks; none of them is left to be taken or dropped.
    assert place[0] == "/"
    assert place[1:2] not in ("/", "\\")
    assert not set("\\\t\r\n ") & set(place)


def test_the_log_in_page_is_no_place_for_somebody_who_is_logged_in(erin: Visitor) -> None:
    assert [prompted(erin, wanted) for wanted in ("/login", "/login?next=/x", "/login/x")] == [
        "/start",
        "/start",
        "/login/x",
    ]
