-- Keeps a set-up that was begun, or answers the one that is there: a second tab of the page shows the same secret.
-- Needs: rows, log, long, notes. KEYS: those of a user. ARGV: asks.BeginSetup.
-- Answers {'begun', set-up}, or {'found', the one that is there}.

local begun = read_row(PENDING, ask.setup.digest, ask.now)
if begun then
    return { 'found', begun }
end
keep_setup(ask.setup, ask.now)
return { 'begun', read_row(PENDING, ask.setup.digest, ask.setup.expires_at - 1) }
