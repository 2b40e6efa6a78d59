-- Clears tries of both kinds, the wait and the stop.
-- Needs: attempts, log, long, notes. KEYS: those of a user. ARGV: asks.Unlock.
-- Answers {'done'}.

clear_tries()
return { 'done' }
