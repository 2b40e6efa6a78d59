-- Writes notes, and changes nothing else.
-- Needs: log, long, notes. KEYS: those of a user. ARGV: asks.Note.
-- Answers {'done'}.

return { 'done' }
