-- Notes that a pass is in use; one that has ended does not come back by it.
-- Needs: rows. KEYS: those of a user. ARGV: asks.TouchPass.
-- Answers {'done'}.

if redis.call('HEXISTS', PASSES.key, ask.digest) == 1 then
    use_row(PASSES, ask.digest, ask.now)
end
return { 'done' }
