-- Counts a failure before the TOTP code is looked at; while waiting or stopped nothing is counted.
-- Needs: account, rows, attempts, log, long, notes. KEYS: those of a user. ARGV: asks.TakeAttempt.
-- Answers {'attempt', at, left, waits until, account, set-up or nil}, {'waiting', until} or {'stopped'}.

if is_stopped() then
    return { 'stopped' }
end
local in_a_row, wait_until = read_wait(ask.now)
if ask.now < wait_until then
    return { 'waiting', text(wait_until) }
end
tidy_tries(FAILURE, ask.now, STOP_WINDOW_SECONDS)
add_try(FAILURE, ask.now)
in_a_row = in_a_row + 1
local wait = wait_after(in_a_row)
wait_until = ask.now + wait
-- Without a wait no time is kept: one that lies ahead would be a wait at servers whose clock is right.
redis.call('HSET', SEEN, 'n', text(in_a_row), 'w', text(wait > 0 and wait_until or 0))
return {
    'attempt', text(ask.now), failures_left(in_a_row), text(wait_until),
    account_fields(), read_row(PENDING, ask.setup_digest, ask.now),
}
