-- A write without effect, which goes to the replicas and the disk behind all that was written before. Of the realm it is
-- run with the realm's keys, of which the last is a hash as well.
-- KEYS: those of a user. ARGV: asks.Acknowledge.
-- Answers {'done'}.

redis.call('HSET', LONG, 'z', '1')
redis.call('HDEL', LONG, 'z')
return { 'done' }
