-- Shared: the rules that the user met, in SEEN under m<rule>, and when he first did.

-- {rule, time, rule, time, ...}
local function met()
    local fields, found = redis.call('HGETALL', SEEN), {}
    for i = 1, #fields, 2 do
        if string.sub(fields[i], 1, 1) == 'm' then
            found[#found + 1] = string.sub(fields[i], 2)
            found[#found + 1] = fields[i + 1]
        end
    end
    return found
end

-- These rules in the place of all that were met.
local function put_met(rules)
    local old = met()
    for i = 1, #old, 2 do
        redis.call('HDEL', SEEN, 'm' .. old[i])
    end
    for rule, at in pairs(rules) do
        redis.call('HSET', SEEN, 'm' .. rule, text(at))
    end
end
