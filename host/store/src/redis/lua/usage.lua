-- How much an owner has that has not expired. KEYS: entries, index, expiries, meta. ARGV: now. Returns entries and bytes.
local now = tonumber(ARGV[1])
local count = redis.call('ZCARD', KEYS[2])
local bytes = tonumber(redis.call('HGET', KEYS[4], 'used') or '0')
for _, rest in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', whole(now))) do
  local packed = redis.call('HGET', KEYS[1], rest)
  if packed then
    local _, _, value = unpack_entry(packed)
    count, bytes = count - 1, bytes - key_size(KEYS[4], rest) - #value
  end
end
return { whole(count), whole(math.max(bytes, 0)) }
