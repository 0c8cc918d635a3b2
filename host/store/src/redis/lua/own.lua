-- Remembers that there is data of an owner. KEYS: meta, owners. ARGV: epoch, owner.
local stale = fence(KEYS[1], ARGV[1])
if stale then return stale end
return redis.call('SADD', KEYS[2], ARGV[2])
