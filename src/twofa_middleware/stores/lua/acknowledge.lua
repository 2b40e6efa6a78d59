-- A write without effect, which goes to the replicas and the disk behind all that was written before. It is run with the
-- keys of a user, of the realm or of a binding, of which the last is a hash each time.
-- KEYS: those of a user. ARGV: asks.Acknowledge.
-- Answers {'done'}.

redis.call('HSET', KEYS[#KEYS], 'z', '1')
redis.call('HDEL', KEYS[#KEYS], 'z')
return { 'done' }
