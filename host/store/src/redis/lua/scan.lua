-- Cells and entries in order, without those that have expired. KEYS: entries, index. ARGV: from as ZRANGEBYLEX has it, now,
-- how many, about how many bytes. Returns whether that was the end, where to go on, then the cells and entries.
local now, most = tonumber(ARGV[2]), tonumber(ARGV[3])
local cells = redis.call('ZRANGEBYLEX', KEYS[2], ARGV[1], '+', 'LIMIT', 0, most)
local found, bytes = { #cells < most and 'end' or 'more', ARGV[1] }, 0
for at, rest in ipairs(cells) do
  local packed = redis.call('HGET', KEYS[1], rest)
  if packed and not expired(packed:match('^%d+ (%S+) '), now) then
    found[#found + 1] = rest
    found[#found + 1] = packed
    bytes = bytes + #rest + #packed
  end
  found[2] = '(' .. rest
  if bytes >= tonumber(ARGV[4]) then
    if at < #cells then found[1] = 'more' end
    break
  end
end
return found
