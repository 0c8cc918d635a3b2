-- Sets or removes a fact. KEYS: meta, facts. ARGV: epoch, name, and the value if there is one.
local stale = fence(KEYS[1], ARGV[1])
if stale then return stale end
if ARGV[3] then redis.call('HSET', KEYS[2], ARGV[2], ARGV[3]) else redis.call('HDEL', KEYS[2], ARGV[2]) end
return redis.status_reply('OK')
