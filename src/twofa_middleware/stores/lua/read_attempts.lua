-- Whether a TOTP code may be tried now. Counts nothing, but cuts a wait that a wrong clock has set.
-- Needs: attempts. KEYS: those of a user. ARGV: asks.ReadAttempts.
-- Answers {'ready', left}, {'waiting', until} or {'stopped'}.

return attempts_state(read_wait(ask.now))
