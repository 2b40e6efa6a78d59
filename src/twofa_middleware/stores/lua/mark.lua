-- Marks a user before a change: in DIRTY, by the server's time in milliseconds, if it may write events; in KNOWN, where
-- all have the same score and so stand in the order of their keys, if he is a user and not the realm.
-- KEYS: those of an index. ARGV: user, has_events, is_a_user.
-- Answers the time of the mark.

local now = text(math.floor(server_time() / 1000))
if ask.has_events then
    redis.call('ZADD', DIRTY, now, ask.user)
end
if ask.is_a_user then
    redis.call('ZADD', KNOWN, 0, ask.user)
end
return now
