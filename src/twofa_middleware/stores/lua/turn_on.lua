-- The first authenticator of an account. Of two set-ups the first that is confirmed wins: it moves the generation and
-- ends the other.
-- Needs: account, rows, attempts, log, long, notes. KEYS: those of a user. ARGV: asks.TurnOn.
-- Answers {'spent', codes left} or {'moved'}; the latter has changed nothing.

if ask.generation ~= generation() or not read_row(PENDING, ask.setup_digest, ask.now) then
    return { 'moved' }
end
succeed(ask.attempt_at)
change_account(ask.change, ask.step)
end_all_rows()
keep_pass(ask.opens, ask.now)
return { 'spent', tostring(codes_left()) }
