-- Every flag on a role.
-- KEYS: those of the realm. ARGV: asks.ReadRoles.
-- Answers {key, "version record", key, "version record", ...}, in no order.

return redis.call('HGETALL', ROLES)
