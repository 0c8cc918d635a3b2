-- Records with their ends. KEYS: numbers to choose from, records, ends. ARGV: "up" or "down", from, how many, about how
-- many bytes. Returns number, record and end ("" if there is none) of each.
local numbers
if ARGV[1] == 'up' then
  numbers = redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[2], '+inf', 'LIMIT', 0, tonumber(ARGV[3]))
else
  numbers = redis.call('ZREVRANGEBYSCORE', KEYS[1], ARGV[2], '-inf', 'LIMIT', 0, tonumber(ARGV[3]))
end
local found, bytes = {}, 0
for _, seq in ipairs(numbers) do
  local record = redis.call('HGET', KEYS[2], seq)
  found[#found + 1] = seq
  found[#found + 1] = record or ''
  found[#found + 1] = redis.call('HGET', KEYS[3], seq) or ''
  bytes = bytes + #(record or '')
  if bytes >= tonumber(ARGV[4]) then break end
end
return found
