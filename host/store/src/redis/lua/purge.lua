-- A step of forgetting what is over. KEYS: meta, identities, identity of a number, numbers by time of acceptance, records,
-- all numbers, open numbers, ends, numbers by time of their end, numbers that failed, numbers with effects that are kept,
-- numbers whose effects are to be forgotten. ARGV: epoch, time up to which things are forgotten, how many at most. Returns identities and records.
local stale = fence(KEYS[1], ARGV[1])
if stale then return stale end
local due, most = ARGV[2], tonumber(ARGV[3])

local identities, skipped = 0, 0
while identities < most do
  local step = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', due, 'LIMIT', skipped, most - identities)
  if #step == 0 then break end
  for _, seq in ipairs(step) do
    if redis.call('ZSCORE', KEYS[7], seq) then
      skipped = skipped + 1
    else
      local identity = redis.call('HGET', KEYS[3], seq)
      local known = identity and redis.call('HGET', KEYS[2], identity)
      -- It may stand for a later record by now.
      if known and known:match('^(%d+) ') == seq then redis.call('HDEL', KEYS[2], identity) end
      redis.call('HDEL', KEYS[3], seq)
      redis.call('ZREM', KEYS[4], seq)
      identities = identities + 1
    end
  end
end

local over = redis.call('ZRANGEBYSCORE', KEYS[9], '-inf', due, 'LIMIT', 0, most)
for _, seq in ipairs(over) do
  redis.call('HDEL', KEYS[5], seq)
  redis.call('ZREM', KEYS[6], seq)
  redis.call('HDEL', KEYS[8], seq)
  redis.call('ZREM', KEYS[9], seq)
  redis.call('ZREM', KEYS[10], seq)
  if redis.call('SREM', KEYS[11], seq) == 1 then redis.call('SADD', KEYS[12], seq) end
end
return { identities, #over }
