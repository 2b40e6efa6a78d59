"""Fills the database with people: all of ``people.json`` may come to the admin, and some are in groups."""

import json
import os
from pathlib import Path

import django
from django.core.management import call_command

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402
from django.contrib.auth.models import Group, User  # noqa: E402

call_command("migrate", verbosity=0)
people = json.loads(Path("people.json").read_text())
hashed = {password: make_password(password) for password in set(people.values())}
User.objects.bulk_create(
    User(username=name, email=f"{name}@example.org", password=hashed[password], is_staff=True)
    for name, password in people.items()
)
ada = User.objects.create_superuser("ada", "ada@example.org", first_name="Ada", last_name="Fern")
ada.password = next(iter(hashed.values()))
ada.save()
editors, managers = (Group.objects.create(name=name) for name in ("Editors", "Managers"))
managers.user_set.add(*User.objects.filter(username__in=["erin39", "erin40"]))
editors.user_set.add(*User.objects.filter(username__in=["erin38", "erin39"]))
