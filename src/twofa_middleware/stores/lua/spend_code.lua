-- Accepts a recovery code and takes it away, from the set under which it was shown, also if a change brings a new set.
-- Needs: account, rows, attempts, spending, log, long, notes. KEYS: those of a user. ARGV: asks.SpendCode.
-- Answers {'spent', codes left}, {'spent before'} or {'moved'}; the last two have changed nothing.

if ask.generation ~= generation() or ask.generation == '0' then
    return { 'moved' }
end
if not take_code(ask.code) then
    return { 'spent before' }
end
recover(ask.attempt_at)
return settle(ask)
