-- Accepts a TOTP step once: only a later one than the last, of this authenticator, under this generation (RFC 6238 §5.2).
-- Needs: account, rows, attempts, spending, log, long, notes. KEYS: those of a user. ARGV: asks.SpendStep. The third is the
-- fence of a server, the step up to which all may have been spent after a failover, and the id under which that writes: if
-- this one writes under another by now, it has another fence, and nothing is done.
-- Answers {'spent', codes left}, {'spent before'} or {'moved'}; the last two have changed nothing.

local fence, server = string.match(ARGV[3], '^(%d+) (%w+)$')
if not string.find(redis.call('INFO', 'replication'), 'master_replid:' .. server, 1, true) then
    return redis.error_reply('FENCE this server was another one meanwhile')
end
if ask.generation ~= generation() or redis.call('HEXISTS', ACCOUNT, 'a' .. ask.authenticator) == 0 then
    return { 'moved' }
end
if ask.step <= math.max(last_step(), tonumber(fence)) then
    return { 'spent before' }
end
redis.call('HSET', ACCOUNT, 's', text(ask.step))
succeed(ask.attempt_at)
return settle(ask)
