"""One app of a realm: service accounts, its name for people, the names of its cookies."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from core.flows.people import site
from twofa_middleware.asks import Emit
from twofa_middleware.protocol import Event, Login

MAIL = Login("5")
LAST_DAY = datetime.date(2027, 6, 30)
ACCOUNT: dict[str, Any] = {"user": "5", "apps": ["shop"], "by": "bearer", "reason": "task mail", "until": LAST_DAY}


def at(day: datetime.date, hour: int = 12) -> int:
    return int(datetime.datetime(day.year, day.month, day.day, hour, tzinfo=datetime.UTC).timestamp())


SHOP, OFFICE = site(service_accounts=[ACCOUNT]), site("office", service_accounts=[ACCOUNT])


def test_a_service_account_passes_in_its_app_by_its_resolver() -> None:
    assert SHOP.is_service_account(MAIL, "bearer", at(datetime.date(2026, 1, 1)))


@pytest.mark.parametrize(
    ("login", "by"), [(Login("6"), "bearer"), (MAIL, "signed_cookie"), (MAIL, ""), (Login("5 "), "bearer")]
)
def test_another_user_or_another_door_is_no_service_account(login: Login, by: str) -> None:
    assert not SHOP.is_service_account(login, by, at(datetime.date(2026, 1, 1)))


def test_a_service_account_of_one_app_is_none_in_another() -> None:
    assert not OFFICE.is_service_account(MAIL, "bearer", at(datetime.date(2026, 1, 1)))


@pytest.mark.parametrize(("hour", "days", "passes"), [(0, 0, True), (23, 0, True), (0, 1, False)])
def test_a_service_account_ends_with_its_last_day(hour: int, days: int, passes: bool) -> None:
    now = at(LAST_DAY + datetime.timedelta(days), hour)
    assert SHOP.is_service_account(MAIL, "bearer", now) is passes


def test_nobody_is_a_service_account_by_default() -> None:
    assert not site().is_service_account(MAIL, "bearer", at(datetime.date(2026, 1, 1)))


@pytest.mark.parametrize(("label", "shown"), [("", "Shop"), ("The Shop", "The Shop")])
def test_an_app_without_a_label_is_called_by_its_name(label: str, shown: str) -> None:
    assert site(shop={"label": label}).label == shown


@pytest.mark.parametrize(("origin", "secure"), [("https://shop.example.org", True), ("http://localhost:8000", False)])
def test_cookies_are_secure_where_the_app_is(origin: str, secure: bool) -> None:
    assert site(shop={"origins": [origin]}).cookies.secure is secure


def test_an_event_names_the_app_and_the_login() -> None:
    assert SHOP.emit("seen", MAIL, 7, left=2) == Emit(Event("seen", 7, "shop", "5", {"left": 2}))
    assert SHOP.emit("seen", None, 7) == Emit(Event("seen", 7, "shop"))
