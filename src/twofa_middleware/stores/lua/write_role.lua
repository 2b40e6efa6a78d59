-- Sets the flag on a role, if nobody has set it since: "version record" under the role's key.
-- Needs: log, long, notes. KEYS: those of the realm. ARGV: asks.WriteRole.
-- Answers {'done'} or {'moved'}; the latter has changed nothing.

local found = redis.call('HGET', ROLES, ask.role.key)
local version = string.match(found or '0 ', '^(%d+) ')
if tonumber(version) ~= ask.role.version - 1 then
    return { 'moved' }
end
redis.call('HSET', ROLES, ask.role.key, text(ask.role.version) .. ' ' .. ask.role.record)
return { 'done' }
