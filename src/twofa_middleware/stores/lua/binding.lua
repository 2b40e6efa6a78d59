-- Shared by the scripts about a cookie of the app's: its key, a hash with r, the record of whose it is, and x, until when;
-- and of the log-ins that are on their way with it w, for whom, o, how many, m, whether for different people, u, until
-- when that counts.

local BINDING = KEYS[1]

local function logins()
    local who, under_way, mixed, ends_at = unpack(redis.call('HMGET', BINDING, 'w', 'o', 'm', 'u'))
    if not ends_at or tonumber(ends_at) <= ask.now then
        return { who = '', under_way = 0, mixed = false, ends_at = 0 }
    end
    return { who = who, under_way = tonumber(under_way), mixed = mixed == '1', ends_at = tonumber(ends_at) }
end

-- One that was given up before is no part of those that are left.
local function without(found, who)
    if who and (found.mixed or found.who == who) then
        found.under_way = found.under_way - 1
    end
    if found.under_way <= 0 then
        return { who = '', under_way = 0, mixed = false, ends_at = 0 }
    end
    return found
end

local function keep(record, expires_at, found)
    redis.call('DEL', BINDING)
    if record then
        redis.call('HSET', BINDING, 'r', record, 'x', text(expires_at))
    end
    if found.under_way > 0 then
        redis.call('HSET', BINDING, 'w', found.who, 'o', text(found.under_way), 'm', found.mixed and '1' or '0',
            'u', text(found.ends_at))
    end
    local ends_at = math.max(record and expires_at or 0, found.ends_at)
    redis.call('EXPIRE', BINDING, text(math.max(1, ends_at - ask.now)))
end
