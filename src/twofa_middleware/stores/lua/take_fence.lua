-- The step up to which a server accepts no code; the step that is asked for, if nobody has met the server before, or if
-- what stands there is so far ahead that it comes from a wrong clock. The MOST_FENCES latest are kept.
-- KEYS: those of the fence. ARGV: a table of server and step.
-- Answers the step as text.

local function prune()
    local found = redis.call('HGETALL', FENCES)
    local lowest, at = nil, nil
    for place = 1, #found, 2 do
        local step = tonumber(found[place + 1]) or 0
        if found[place] ~= ask.server and (not at or step < at) then
            lowest, at = found[place], step
        end
    end
    redis.call('HDEL', FENCES, lowest)
end

local found = tonumber(redis.call('HGET', FENCES, ask.server) or '')
if not found or (ask.step > 0 and found > ask.step + FUTURE_STEPS) then
    found = ask.step
    redis.call('HSET', FENCES, ask.server, text(found))
    if redis.call('HLEN', FENCES) > MOST_FENCES then
        prune()
    end
end
return text(found)
