-- The set-up that was begun, if there is still time.
-- Needs: rows. KEYS: those of a user. ARGV: asks.ReadSetup.
-- Answers the set-up or nil.

return read_row(PENDING, ask.digest, ask.now)
