"""The pages of Produce: log-in, home, forms, profile, and the form for guests."""

from __future__ import annotations

from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

import portal_people

from . import work
from .web import Visit, is_local, members_only


def front(visit: Visit) -> Response:
    return visit.go("home")


def login(visit: Visit) -> Response:
    target = visit.request.values.get("next", "")
    target = target if is_local(target) else ""
    if visit.request.method == "GET":
        return visit.page("login.html", next=target)

    user_name = visit.request.form.get("username", "").strip()
    person = portal_people.check_password(user_name, visit.request.form.get("password", ""))
    if person is None:
        fault = "The user name or the password is not right."
        return visit.page("login.html", 401, next=target, user_name=user_name, fault=fault)
    response = Response(status=303, headers={"Location": target or visit.url("home")})
    visit.sessions.begin(response, person)
    return response


@members_only
def logout(visit: Visit) -> Response:
    response = visit.go("login", notice="logged-out")
    visit.sessions.end(response)
    return response


@members_only
def home(visit: Visit) -> Response:
    tasks = work.tasks_of(visit.me.user_id)
    return visit.page("home.html", forms=work.forms_for_everybody(), tasks=tasks)


@members_only
def fill(visit: Visit, slug: str) -> Response:
    form, me = work.form(slug), visit.me
    task_id = visit.request.values.get("task", type=int)
    task = next((t for t in work.tasks_of(me.user_id) if t.task_id == task_id and t.form == slug), None)
    if form is None or (task is None and (task_id or form.offered != "everybody")):
        raise NotFound
    if visit.request.method == "GET":
        return visit.page("form.html", form=form, task=task, answers=work.draft_of(form, me.user_id, task))

    answers = form.answers(visit.request.form)
    if visit.request.form.get("action") == "save":
        work.keep(form, me.user_id, task, answers, submitted=False)
        return visit.go("fill", slug=slug, task=task and task.task_id, notice="saved")
    if faults := form.faults(answers):
        return visit.page("form.html", 422, form=form, task=task, answers=answers, faults=faults)
    work.keep(form, me.user_id, task, answers, submitted=True)
    return visit.go("home", notice="submitted")


def guest_feedback(visit: Visit) -> Response:
    form = work.form("feedback")
    if form is None:
        raise NotFound
    if visit.request.method == "GET":
        return visit.page("guest.html", form=form, answers=form.answers({}))
    answers = form.answers(visit.request.form)
    if faults := form.faults(answers):
        return visit.page("guest.html", 422, form=form, answers=answers, faults=faults)
    work.keep(form, None, None, answers, submitted=True)
    return visit.go("guest_feedback", notice="submitted")


@members_only
def profile(visit: Visit) -> Response:
    if visit.request.method == "GET":
        return visit.page("profile.html", shown=visit.me)
    names = ("first_name", "last_name", "email", "phone")
    sent = {name: visit.request.form.get(name, "").strip()[:200] for name in names}
    faults = {name: "Please fill this in." for name in ("first_name", "last_name") if not sent[name]}
    if "@" not in sent["email"]:
        faults["email"] = "Please give an e-mail address, like name@example.com."
    if faults:
        return visit.page("profile.html", 422, shown=sent, faults=faults)
    portal_people.save_profile(
        visit.me.user_id,
        first_name=sent["first_name"],
        last_name=sent["last_name"],
        email=sent["email"],
        phone=sent["phone"],
    )
    return visit.go("profile", notice="profile")


@members_only
def password(visit: Visit) -> Response:
    sent = visit.request.form
    faults = {}
    if portal_people.check_password(visit.me.user_name, sent.get("current", "")) is None:
        faults["current"] = "This is not your present password."
    shortest = portal_people.security_settings().password_length
    if len(sent.get("new", "")) < shortest:
        faults["new"] = f"Please choose at least {shortest} characters."
    elif sent.get("new") != sent.get("again"):
        faults["again"] = "The two new passwords differ."
    if faults:
        return visit.page("profile.html", 422, shown=visit.me, faults=faults)
    portal_people.change_password(visit.me.user_id, sent["new"])
    return visit.go("profile", notice="password")
