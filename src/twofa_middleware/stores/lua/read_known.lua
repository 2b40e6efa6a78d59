-- Users who may have a person's record, in the order of their keys, after one of them, and so many at most.
-- KEYS: those of an index. ARGV: after, most.
-- Answers a list of users.

return redis.call('ZRANGEBYLEX', KNOWN, '(' .. ask.after, '+', 'LIMIT', 0, text(ask.most))
