-- Users of whom there may be anything, in the order of their keys, after one of them, and so many at most.
-- KEYS: those of an index. ARGV: after, most.
-- Answers a list of users.

return redis.call('ZRANGEBYLEX', KNOWN, '(' .. ask.after, '+', 'LIMIT', 0, text(ask.most))
