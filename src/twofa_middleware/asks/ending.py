"""Which questions may end a pass: what anybody remembers of the user's passes goes, whether the store has answered or not."""

from __future__ import annotations

from .access import EndPass, ForgetBrowsers, OpenPass
from .administering import EndPasses, ResetAccount
from .enrolling import TurnOn
from .moving import WriteRecords
from .proving import SpendCode, SpendStep

ENDING = (
    EndPass,
    EndPasses,
    ForgetBrowsers,
    OpenPass,
    ResetAccount,
    SpendCode,
    SpendStep,
    TurnOn,
    WriteRecords,
)
