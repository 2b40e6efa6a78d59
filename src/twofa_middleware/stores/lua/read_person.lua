-- Who a user is.
-- KEYS: those of a user. ARGV: nothing.
-- Answers {person or nil, roles or nil}.

return redis.call('HMGET', LONG, 'p', 'r')
