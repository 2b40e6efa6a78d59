"""All that users, administrators and attackers may do, in any order."""

from __future__ import annotations

from proof.machine.administrators import Administrators
from proof.machine.attackers import Attackers
from proof.machine.users import Users


class Machine(Users, Administrators, Attackers):
    """The test that runs it sets ``sides`` and ``clock``."""
