-- Shared: the account, one hash. g: generation, s: last step, r: roster, a<id>: the record of an authenticator,
-- c<hash>: a recovery code that is left. Generations may be over 2^53, so they are compared as text, never as numbers.

-- All fields and values one after the other; none if there is no account.
local function account_fields()
    return redis.call('HGETALL', ACCOUNT)
end

-- The generation as text, '0' if there is no account. A damaged account is not a missing one.
local function generation()
    local found = redis.call('HGET', ACCOUNT, 'g')
    if not found and redis.call('EXISTS', ACCOUNT) == 1 then
        error('the account has no generation')
    end
    return found or '0'
end

local function last_step()
    return tonumber(redis.call('HGET', ACCOUNT, 's'))
end

local function codes_left()
    local count = 0
    for _, field in ipairs(redis.call('HKEYS', ACCOUNT)) do
        if string.sub(field, 1, 1) == 'c' then
            count = count + 1
        end
    end
    return count
end

-- New factors in the place of the old ones. The last step only grows, and outlives every change.
local function change_account(change, step)
    for _, field in ipairs(redis.call('HKEYS', ACCOUNT)) do
        local letter = string.sub(field, 1, 1)
        if letter == 'a' or letter == 'c' then
            redis.call('HDEL', ACCOUNT, field)
        end
    end
    local last = last_step()
    if not last or last < step then
        redis.call('HSET', ACCOUNT, 's', text(step))
    end
    redis.call('HSET', ACCOUNT, 'g', change.generation, 'r', change.roster)
    for id, record in pairs(change.authenticators) do
        redis.call('HSET', ACCOUNT, 'a' .. id, record)
    end
    for _, code in ipairs(change.codes) do
        redis.call('HSET', ACCOUNT, 'c' .. code, '')
    end
end
