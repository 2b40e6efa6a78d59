-- Accepts a TOTP step once: only a later one than the last, of this authenticator, under this generation (RFC 6238 §5.2).
-- Needs: account, rows, attempts, spending, log, notes. KEYS: those of a user. ARGV: asks.SpendStep.
-- Answers {'spent', codes left}, {'spent before'} or {'moved'}; the last two have changed nothing.

if ask.generation ~= generation() or redis.call('HEXISTS', ACCOUNT, 'a' .. ask.authenticator) == 0 then
    return { 'moved' }
end
if ask.step <= last_step() then
    return { 'spent before' }
end
redis.call('HSET', ACCOUNT, 's', text(ask.step))
succeed(ask.attempt_at)
return settle(ask)
