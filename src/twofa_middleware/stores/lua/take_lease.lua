-- Who may do a task, and until when: "until holder" under l<task>.
-- KEYS: those of the realm. ARGV: asks.TakeLease.
-- Answers 1, or 0 if somebody else has it; the latter has changed nothing.

local field = 'l' .. ask.task
local found = redis.call('HGET', MARKS, field)
if found then
    local ends_at, holder = string.match(found, '^(%-?%d+) (.*)$')
    if holder ~= ask.holder and tonumber(ends_at) > ask.now then
        return 0
    end
end
if ask['until'] > ask.now then
    redis.call('HSET', MARKS, field, text(ask['until']) .. ' ' .. ask.holder)
else
    redis.call('HDEL', MARKS, field)
end
return 1
