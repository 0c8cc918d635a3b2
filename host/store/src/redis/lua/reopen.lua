-- Opens an ended record again. KEYS: meta, records, open numbers, ends, numbers by time of their end, numbers that failed,
-- numbers with effects that are kept, identities, identity of a number, numbers by time of acceptance. ARGV: epoch, number,
-- a day ago.
local stale = fence(KEYS[1], ARGV[1])
if stale then return stale end
local seq = ARGV[2]
local record = redis.call('HGET', KEYS[2], seq)
if not record then return 0 end
-- The same request, sent again because its answer was lost: a host does not ask for what it knows to be open.
if redis.call('HDEL', KEYS[4], seq) == 0 then return redis.call('ZSCORE', KEYS[3], seq) and 1 or 0 end
redis.call('ZADD', KEYS[3], seq, seq)
redis.call('ZREM', KEYS[5], seq)
redis.call('ZREM', KEYS[6], seq)
redis.call('SREM', KEYS[7], seq)
-- While it is open its identity counts, also if it was forgotten, which means that a day has passed; a later record of
-- the same identity goes before.
local header = cjson.decode(record:match('^[^\n]*'))
if redis.call('HEXISTS', KEYS[8], header.identity) == 0 then
  local accepted = ARGV[3]
  redis.call('HSET', KEYS[8], header.identity, seq .. ' ' .. accepted .. ' -')
  redis.call('HSET', KEYS[9], seq, header.identity)
  redis.call('ZADD', KEYS[10], accepted, seq)
end
return 1
