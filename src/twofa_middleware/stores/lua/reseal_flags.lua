-- Puts records of flags on roles in the place of others, all or none. Their versions stay.
-- KEYS: those of the realm. ARGV: asks.Reseal of the realm, which has nothing but flags.
-- Answers {'done'} or {'moved'}; the latter has changed nothing.

local found = {}
for place, swap in ipairs(ask.swaps) do
    local version, record = string.match(redis.call('HGET', ROLES, swap.name) or '', '^(%d+) (.*)$')
    if swap.kind ~= 'flag' or record ~= swap.old then
        return { 'moved' }
    end
    found[place] = version .. ' ' .. swap.new
end
for place, swap in ipairs(ask.swaps) do
    redis.call('HSET', ROLES, swap.name, found[place])
end
return { 'done' }
