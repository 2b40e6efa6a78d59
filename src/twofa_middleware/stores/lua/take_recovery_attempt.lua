-- Counts a try before the recovery code is looked at: so many in an hour that slides, apart from the TOTP budget.
-- Needs: account, attempts, log, long, notes. KEYS: those of a user. ARGV: asks.TakeRecoveryAttempt.
-- Answers {'attempt', at, left, waits until, account, nil} or {'waiting', until}.

tidy_tries(RECOVERY, ask.now, RECOVERY_WINDOW_SECONDS)

local function wait_for_the_oldest()
    local oldest = math.huge
    for at in pairs(tries(RECOVERY)) do
        oldest = math.min(oldest, at)
    end
    return text(oldest + RECOVERY_WINDOW_SECONDS)
end

if count_tries(RECOVERY) >= RECOVERY_ATTEMPTS then
    return { 'waiting', wait_for_the_oldest() }
end
add_try(RECOVERY, ask.now)
local left = RECOVERY_ATTEMPTS - count_tries(RECOVERY)
local waits_until = left > 0 and text(ask.now) or wait_for_the_oldest()
return { 'attempt', text(ask.now), text(left), waits_until, account_fields(), false }
