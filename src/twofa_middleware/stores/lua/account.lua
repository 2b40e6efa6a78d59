-- Shared: the account, one hash. g: generation, s: last step, r: roster, a<id>: the record of an authenticator. Generations
-- may be over 2^53, so they are compared as text, never as numbers.
--
-- The recovery codes that are left stand in c<length><part><head>: the tails, one behind the other, all of that length, of
-- the codes that begin with this head (in fact with the id of their key). A part has at most CODES_BYTES.

local HEAD_BYTES, CODES_BYTES = 4, 60

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

local function tail_of(code)
    return string.sub(code, math.min(HEAD_BYTES, #code - 1) + 1)
end

-- The field of a part of the codes like this one.
local function codes_field(code, part)
    local size = #tail_of(code)
    if size == 0 or size > 65535 then
        error('a recovery code is too short or too long')
    end
    return 'c' .. struct.pack('>HB', size, part) .. string.sub(code, 1, #code - size)
end

-- Where a tail begins among those of a part, and where the next one does; nil if it is not there.
local function place_of(tail, tails)
    for place = 1, #tails, #tail do
        if string.sub(tails, place, place + #tail - 1) == tail then
            return place, place + #tail
        end
    end
end

-- Whether the code was there; it is not any more.
local function take_code(code)
    local part = 0
    while true do
        local field = codes_field(code, part)
        local tails = redis.call('HGET', ACCOUNT, field)
        if not tails then
            return false
        end
        local place, behind = place_of(tail_of(code), tails)
        if place then
            redis.call('HSET', ACCOUNT, field, string.sub(tails, 1, place - 1) .. string.sub(tails, behind))
            return true
        end
        part = part + 1
    end
end

local function put_code(code)
    local part, tail = 0, tail_of(code)
    while true do
        local tails = redis.call('HGET', ACCOUNT, codes_field(code, part)) or ''
        if tails == '' or #tails + #tail <= CODES_BYTES then
            redis.call('HSET', ACCOUNT, codes_field(code, part), tails .. tail)
            return
        end
        part = part + 1
    end
end

local function codes_left()
    local count, fields = 0, account_fields()
    for i = 1, #fields, 2 do
        if string.sub(fields[i], 1, 1) == 'c' then
            local tails, size = #fields[i + 1], struct.unpack('>H', fields[i], 2)
            if size == 0 or tails % size > 0 then
                error('a part of the recovery codes has been cut')
            end
            count = count + tails / size
        end
    end
    return count
end

table.insert(CHECKS, codes_left)

-- New factors in the place of the old ones. The last step only grows, and outlives every change.
local function change_account(change, step)
    for _, code in ipairs(change.codes) do
        codes_field(code, 0) -- what fails has to fail before anything is changed
    end
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
        put_code(code)
    end
end
