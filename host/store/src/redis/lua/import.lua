-- Entries as they are: versions and times kept, no limit. KEYS: for each owner its entries, index, expiries, meta. ARGV:
-- epoch, owners, then for each entry: owner, cell, version, expiry, value.
local owners = tonumber(ARGV[2])
local used, last = {}, {}
for owner = 1, owners do
  local stale = fence(KEYS[owner * 4], ARGV[1])
  if stale then return stale end
  local known = redis.call('HMGET', KEYS[owner * 4], 'used', 'last')
  used[owner], last[owner] = tonumber(known[1] or '0'), known[2] or '0'
end
for at = 3, #ARGV, 5 do
  local owner, rest, version, expiry, value = tonumber(ARGV[at]), ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local base = (owner - 1) * 4
  local entries, index, expiries, meta = KEYS[base + 1], KEYS[base + 2], KEYS[base + 3], KEYS[base + 4]
  local packed = redis.call('HGET', entries, rest)
  if packed then
    local _, was_expiry, was = unpack_entry(packed)
    used[owner] = math.max(used[owner] - #was, 0)
    if was_expiry ~= '-' then redis.call('ZREM', expiries, rest) end
  else
    used[owner] = used[owner] + key_size(meta, rest)
    redis.call('ZADD', index, 0, rest)
  end
  used[owner] = used[owner] + #value
  redis.call('HSET', entries, rest, version .. ' ' .. expiry .. ' ' .. value)
  if expiry ~= '-' then redis.call('ZADD', expiries, expiry, rest) end
  if greater(version, last[owner]) then last[owner] = version end
end
for owner = 1, owners do
  redis.call('HSET', KEYS[owner * 4], 'used', whole(used[owner]), 'last', last[owner])
end
return redis.status_reply('OK')
