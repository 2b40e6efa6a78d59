-- A sink of events has got to a position, which stands under p<sink>.
-- KEYS: those of the realm. ARGV: asks.MoveMark.
-- Answers {'done'}.

redis.call('HSET', MARKS, 'p' .. ask.sink, ask.position)
return { 'done' }
