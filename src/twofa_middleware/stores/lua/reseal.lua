-- Puts records in the place of others, all or none: they say the same, under another key. Nothing else changes.
-- Needs: account, rows, long. KEYS: those of a user. ARGV: asks.Reseal.
-- Answers {'done'} or {'moved'}; the latter has changed nothing.

local ROWS = { pass = PASSES, browser = BROWSERS }
local LETTERS = { person = 'p', roles = 'r' }

-- The field of the account in which a record stands; nil if it stands elsewhere, or nobody but the realm has such a one.
local function account_field(swap)
    if swap.kind == 'authenticator' then
        return 'a' .. swap.name
    elseif swap.kind == 'roster' and swap.name == '' then
        return 'r'
    end
end

local function record_of(swap)
    local rows, letter, field = ROWS[swap.kind], LETTERS[swap.kind], account_field(swap)
    if rows then
        return row_record(rows, swap.name)
    elseif letter and swap.name == '' then
        return long_record(letter)
    elseif field then
        return redis.call('HGET', ACCOUNT, field)
    end
end

for _, swap in ipairs(ask.swaps) do
    if record_of(swap) ~= swap.old then
        return { 'moved' }
    end
end
for _, swap in ipairs(ask.swaps) do
    if ROWS[swap.kind] then
        put_record(ROWS[swap.kind], swap.name, swap.new)
    elseif LETTERS[swap.kind] then
        put_long(LETTERS[swap.kind], swap.new)
    else
        redis.call('HSET', ACCOUNT, account_field(swap), swap.new)
    end
end
return { 'done' }
