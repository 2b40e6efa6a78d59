-- The step up to which a server accepts no code. If nobody has met the server before, it is set: to the later of the step
-- that is asked for and the server's own, lest a slow clock sets it too low; FUTURE_STEPS ahead of what is asked for, the
-- server's clock is taken for wrong. What is so far ahead of both comes from a wrong clock, and is set anew. The MOST_FENCES
-- latest are kept.
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

local own = math.floor(server_time() / (STEP_SECONDS * 1000000)) + 1
local wanted = ask.step
if ask.step > 0 and own > ask.step and own <= ask.step + FUTURE_STEPS then
    wanted = own
end
local found = tonumber(redis.call('HGET', FENCES, ask.server) or '')
if not found or (ask.step > 0 and found > math.max(ask.step, own) + FUTURE_STEPS) then
    found = wanted
    redis.call('HSET', FENCES, ask.server, text(found))
    if redis.call('HLEN', FENCES) > MOST_FENCES then
        prune()
    end
end
return text(found)
