-- Whether a TOTP code may be tried now. Counts nothing, but cuts a wait that a wrong clock has set.
-- Needs: attempts. KEYS: those of a user. ARGV: asks.ReadAttempts.
-- Answers {'ready', left}, {'waiting', until} or {'stopped'}.

if is_stopped() then
    return { 'stopped' }
end
local in_a_row, wait_until = read_wait(ask.now)
if ask.now < wait_until then
    return { 'waiting', text(wait_until) }
end
return { 'ready', failures_left(in_a_row) }
