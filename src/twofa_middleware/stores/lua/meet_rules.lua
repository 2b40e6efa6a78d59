-- Notes when the user first met rules. A time that lies ahead is from a clock that was put back since: it becomes now.
-- Needs: log, long, notes. KEYS: those of a user. ARGV: asks.MeetRules.
-- Answers {'met', rule, time, rule, time, ...}.

local reply = { 'met' }
for _, rule in ipairs(ask.rules) do
    local first = tonumber(redis.call('HGET', SEEN, 'm' .. rule) or nil)
    if not first or first > ask.now then
        first = ask.now
        redis.call('HSET', SEEN, 'm' .. rule, text(first))
    end
    reply[#reply + 1] = rule
    reply[#reply + 1] = text(first)
end
return reply
