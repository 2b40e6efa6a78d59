-- Ends one pass, if it is there.
-- Needs: rows, log, long, notes. KEYS: those of a user. ARGV: asks.EndPass.
-- Answers {'done'} or {'absent'}.

if not has_row(PASSES, ask.digest) then
    return { 'absent' }
end
drop_row(PASSES, ask.digest)
return { 'done' }
