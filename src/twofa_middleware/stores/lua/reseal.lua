-- Puts records in the place of others, all or none: they say the same, under another key. Nothing else changes.
-- Needs: account, rows. KEYS: those of a user. ARGV: asks.Reseal.
-- Answers {'done'} or {'moved'}; the latter has changed nothing.

-- The hash and the field in which a record stands; nil if nobody but the realm has such a one.
local function place_of(swap)
    if swap.kind == 'pass' then
        return PASSES.key, record_field(swap.name)
    elseif swap.kind == 'browser' then
        return BROWSERS.key, record_field(swap.name)
    elseif swap.kind == 'authenticator' then
        return ACCOUNT, 'a' .. swap.name
    elseif swap.name ~= '' then
        return nil
    elseif swap.kind == 'roster' then
        return ACCOUNT, 'r'
    elseif swap.kind == 'person' then
        return LONG, 'p'
    elseif swap.kind == 'roles' then
        return LONG, 'r'
    end
end

for _, swap in ipairs(ask.swaps) do
    local key, field = place_of(swap)
    if not key or redis.call('HGET', key, field) ~= swap.old then
        return { 'moved' }
    end
end
for _, swap in ipairs(ask.swaps) do
    local key, field = place_of(swap)
    redis.call('HSET', key, field, swap.new)
end
return { 'done' }
