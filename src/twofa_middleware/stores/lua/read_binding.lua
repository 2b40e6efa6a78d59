-- The record of whose the cookie is, if it has not expired.
-- KEYS: those of a binding. ARGV: asks.ReadBinding.
-- Answers the record or nil.

local record, expires_at = unpack(redis.call('HMGET', BINDING, 'r', 'x'))
if record and tonumber(expires_at) > ask.now then
    return record
end
return nil
