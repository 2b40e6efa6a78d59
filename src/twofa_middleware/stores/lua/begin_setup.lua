-- Keeps a set-up that was begun, or answers the one that is there: a second tab of the page shows the same secret.
-- Needs: rows. KEYS: account, passes, browsers, pending, seen. ARGV: asks.BeginSetup.
-- Answers the set-up that is now there.

local begun = read_row(PENDING, ask.setup.digest, ask.now)
if begun then
    return begun
end
keep_setup(ask.setup, ask.now)
return read_row(PENDING, ask.setup.digest, ask.setup.expires_at - 1)
