-- Shared: tries, counted before a code is looked at. In SEEN stand n: failures in a row, w: until when to wait,
-- f<time>: how many TOTP failures in that second, r<time>: how many tries of recovery codes. (Rules that the user met
-- stand there as well, see met.lua, and last uses, see rows.lua.)
--
-- Times may lie ahead, from a clock that was put back since. A wait that is farther off than the longest wait is cut to
-- it; a try that is dated farther ahead than its window counts as made now. So such a clock locks nobody out for years.

local FAILURE, RECOVERY = 'f', 'r'

-- How many tries there are in which second.
local function tries(letter)
    local fields, found = redis.call('HGETALL', SEEN), {}
    for i = 1, #fields, 2 do
        if string.sub(fields[i], 1, 1) == letter then
            found[tonumber(string.sub(fields[i], 2))] = tonumber(fields[i + 1]) or error('tries without a number')
        end
    end
    return found
end

local function count_tries(letter)
    local count = 0
    for _, times in pairs(tries(letter)) do
        count = count + times
    end
    return count
end

local function add_try(letter, at, times)
    redis.call('HINCRBY', SEEN, letter .. text(at), text(times or 1))
end

local function drop_tries(letter, at)
    redis.call('HDEL', SEEN, letter .. text(at))
end

-- Drop the tries that have left the window, and date back those that no clock in order can have seen.
local function tidy_tries(letter, now, window)
    for at, times in pairs(tries(letter)) do
        if at <= now - window then
            drop_tries(letter, at)
        elseif at > now + window then
            drop_tries(letter, at)
            add_try(letter, now, times)
        end
    end
end

local function take_back_try(letter, at)
    local times = tonumber(redis.call('HGET', SEEN, letter .. text(at)) or 0)
    if times > 1 then
        add_try(letter, at, -1)
    elseif times == 1 then
        drop_tries(letter, at)
    end
end

-- Old failures are dropped only while counting the next one, so a stop does not end by waiting.
local function is_stopped()
    return count_tries(FAILURE) >= STOP_FAILURES
end

-- Failures in a row, and until when to wait.
local function wait_of(now)
    local found = redis.call('HMGET', SEEN, 'n', 'w')
    local in_a_row, wait_until, longest = tonumber(found[1] or 0), tonumber(found[2] or 0), now + LONGEST_WAIT_SECONDS
    return in_a_row, math.min(wait_until, longest), wait_until > longest
end

-- The same; a wait that was cut stays cut.
local function read_wait(now)
    local in_a_row, wait_until, is_cut = wait_of(now)
    if is_cut then
        redis.call('HSET', SEEN, 'w', text(wait_until))
    end
    return in_a_row, wait_until
end

local function wait_after(failures)
    if failures < FREE_FAILURES then
        return 0
    end
    return math.min(FIRST_WAIT_SECONDS * 2 ^ math.min(failures - FREE_FAILURES, 16), LONGEST_WAIT_SECONDS)
end

local function failures_left(in_a_row)
    return text(math.max(0, FREE_FAILURES - in_a_row))
end

-- Whether a code may be tried now, as an answer.
local function attempts_state(in_a_row, wait_until)
    if is_stopped() then
        return { 'stopped' }
    end
    if ask.now < wait_until then
        return { 'waiting', text(wait_until) }
    end
    return { 'ready', failures_left(in_a_row) }
end

table.insert(CHECKS, function()
    count_tries(FAILURE)
    count_tries(RECOVERY)
    failures_left((wait_of(ask.now)))
end)

local function clear_wait()
    redis.call('HDEL', SEEN, 'n', 'w')
end

-- A TOTP code was right: its attempt was no failure, and the next failure is the first in a row again.
local function succeed(attempt_at)
    take_back_try(FAILURE, attempt_at)
    clear_wait()
end

local function drop_all_tries(letter, but_at)
    for at in pairs(tries(letter)) do
        if at ~= but_at then
            drop_tries(letter, at)
        end
    end
end

-- A recovery code was right: its try is taken back, and the user starts afresh with TOTP. Failures of this very second
-- stay: one may be an attempt under way, which would take back another's when it is right.
local function recover(attempt_at)
    take_back_try(RECOVERY, attempt_at)
    drop_all_tries(FAILURE, ask.now)
    clear_wait()
end

local function clear_tries()
    drop_all_tries(FAILURE)
    drop_all_tries(RECOVERY)
    clear_wait()
end
