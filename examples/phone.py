"""A phone for people without one: the code that an authenticator app would show for a key.

python examples/phone.py JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP
"""

from __future__ import annotations

import binascii
import sys
import time

import pyotp

STEP_SECONDS = 30


def main(words: list[str]) -> int:
    key = "".join(words).replace(" ", "")
    now = int(time.time())
    try:
        code = pyotp.TOTP(key).generate_otp(now // STEP_SECONDS)
    except (binascii.Error, ValueError):
        code = ""
    if not code or not key:
        print("phone.py: give it the key that the set-up page shows, such as JBSW Y3DP EHPK 3PXP …", file=sys.stderr)
        return 2
    print(f"{code}  ({STEP_SECONDS - now % STEP_SECONDS} seconds left)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
