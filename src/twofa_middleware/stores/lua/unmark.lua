-- Takes the mark of a user away, if nobody has marked him since.
-- KEYS: those of an index. ARGV: user, score.
-- Answers {'done'}.

if redis.call('ZSCORE', DIRTY, ask.user) == ask.score then
    redis.call('ZREM', DIRTY, ask.user)
end
return { 'done' }
