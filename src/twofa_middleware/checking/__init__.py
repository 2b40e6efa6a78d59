"""``twofa check``: an app walked through as its users would, in process, in a realm that is thrown away afterwards."""
