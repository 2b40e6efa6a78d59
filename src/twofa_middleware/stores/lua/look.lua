-- The one read of a decision, as all is at one moment: the account, a pass and a browser, and when each was last used.
-- Stands alone: it is run most, so nothing is run before it, and what its rows hold is taken apart by who asked.
-- KEYS: those of a user, all, so that in a Cluster it is refused while they are torn apart. ARGV: asks.Look. The names of
-- the pass and of the browser, '' for none.
-- Answers {account, {pass or nil, browser or nil}, {last use or nil of each}}.

local ACCOUNT, ROWS, SEEN = KEYS[1], KEYS[2], KEYS[4]

return {
    redis.call('HGETALL', ACCOUNT),
    redis.call('HMGET', ROWS, ARGV[1], ARGV[2]),
    redis.call('HMGET', SEEN, ARGV[1], ARGV[2]),
}
