-- Changes the factors without a code: an administrator's doing, under the generation that he was shown.
-- Needs: account, rows, attempts, log, long, notes. KEYS: those of a user. ARGV: asks.ResetAccount.
-- Answers {'done'} or {'moved'}; the latter has changed nothing.

if ask.generation ~= generation() then
    return { 'moved' }
end
change_account(ask.change, 0)
end_all_rows()
clear_tries()
return { 'done' }
