-- Users whose logs may hold events, the oldest marks first, from a score on, and so many at most.
-- KEYS: those of an index. ARGV: score, most.
-- Answers {the server's time in milliseconds, {user, score, user, score, ...}}.

return {
    text(math.floor(server_time() / 1000)),
    redis.call('ZRANGEBYSCORE', DIRTY, ask.score, '+inf', 'WITHSCORES', 'LIMIT', 0, text(ask.most)),
}
