-- Notes that a pass is in use; one that has ended does not come back by it.
-- Needs: rows. KEYS: those of a user. ARGV: asks.TouchPass.
-- Answers {'done'}.

if has_row(PASSES, ask.digest) then
    use_row(PASSES, ask.digest, ask.now)
end
return { 'done' }
