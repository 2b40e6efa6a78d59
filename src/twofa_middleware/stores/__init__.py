"""Where accounts, passes and attempts are kept. A store knows the questions of ``asks.py`` and nothing of the gate."""
