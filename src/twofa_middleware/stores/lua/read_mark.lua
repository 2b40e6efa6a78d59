-- The position that a sink of events has got to.
-- KEYS: those of the realm. ARGV: asks.ReadMark.
-- Answers the position; empty if the sink has not begun.

return redis.call('HGET', MARKS, 'p' .. ask.sink) or ''
