"""One run of the demo for all, and a browser that takes note of every answer of the gate's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response

import portal_people
from e2e.answers import header_fault, is_own
from e2e.portals import Demo, Person, launch, new_person
from e2e.visitor import Visitor


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    demo = launch(tmp_path_factory.mktemp("demo"))
    try:
        demo.wait_until_ready()
        yield demo
    finally:
        code = demo.end()
    assert code == 0, demo.said
    assert "Traceback" not in demo.said, demo.said


@pytest.fixture(scope="module", params=["sqlite", "redis"])
def portals(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo of the module's own for each store: what is enforced here is enforced for nobody else."""
    demo = launch(tmp_path_factory.mktemp(request.param), STORE=request.param)
    try:
        demo.wait_until_ready()
        yield demo
    finally:
        demo.end()


@pytest.fixture
def java_script() -> bool:
    return True


@pytest.fixture
def context(browser: Browser, java_script: bool) -> Iterator[BrowserContext]:
    context = browser.new_context(java_script_enabled=java_script, accept_downloads=True)
    context.set_default_timeout(10_000)
    answers: list[Response] = []
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            complaints.append(message.text)

    context.on("response", lambda answer: answers.append(answer))
    context.on("console", listen)
    yield context
    own = [answer for answer in answers if is_own(answer)]
    bad = [f"{answer.status} {answer.url}: {fault}" for answer in own if (fault := header_fault(answer))]
    context.close()
    assert not bad, bad
    assert not complaints, complaints


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def erin(demo: Demo) -> Person:
    """An end user."""
    return new_person(demo)


@pytest.fixture
def wendy(demo: Demo) -> Person:
    """An administrator, who can log in to both portals."""
    return new_person(demo, portal_people.END_USER, portal_people.WORKFLOW_ADMINISTRATOR)


@pytest.fixture
def visitor(page: Page, demo: Demo, erin: Person) -> Visitor:
    return Visitor(page, demo, erin)


@pytest.fixture
def admin_visitor(page: Page, demo: Demo, wendy: Person) -> Visitor:
    return Visitor(page, demo, wendy)
