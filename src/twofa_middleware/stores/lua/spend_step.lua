-- Accepts a TOTP step once: only a later one than the last, of this authenticator, under this generation (RFC 6238 §5.2).
-- Needs: account, rows, attempts, spending, log, long, notes. KEYS: those of a user. ARGV: asks.SpendStep. The third is the
-- fence of this server: after a failover, the step up to which all may have been spent.
-- Answers {'spent', codes left}, {'spent before'} or {'moved'}; the last two have changed nothing.

if ask.generation ~= generation() or redis.call('HEXISTS', ACCOUNT, 'a' .. ask.authenticator) == 0 then
    return { 'moved' }
end
if ask.step <= math.max(last_step(), tonumber(ARGV[3])) then
    return { 'spent before' }
end
redis.call('HSET', ACCOUNT, 's', text(ask.step))
succeed(ask.attempt_at)
return settle(ask)
