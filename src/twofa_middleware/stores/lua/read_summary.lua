-- What an administrator sees of a user, as it is at one moment. Writes nothing.
-- Needs: account, rows, attempts, met, long. KEYS: those of a user. ARGV: asks.ReadSummary.
-- Answers {account, user, person or nil, roles or nil, attempts as in read_attempts.lua, failures, browsers, passes,
-- used_at, {rule, time, ...}}.

local used_at = 0

local function count_living(rows)
    local count = 0
    for digest in pairs(all_rows(rows)) do
        local row = read_row(rows, digest, ask.now)
        if row then
            count, used_at = count + 1, math.max(used_at, tonumber(row[5]))
        end
    end
    return text(count)
end

local function failures()
    local count, stopped = 0, is_stopped()
    for at, times in pairs(tries(FAILURE)) do
        if stopped or at > ask.now - STOP_WINDOW_SECONDS then
            count = count + times
        end
    end
    return text(count)
end

local user = string.match(ACCOUNT, '{([^{}]*)}:account$')
local browsers, passes = count_living(BROWSERS), count_living(PASSES)
return {
    account_fields(), user, long_record('p'), long_record('r'), attempts_state(wait_of(ask.now)), failures(), browsers, passes,
    text(used_at), met(),
}
