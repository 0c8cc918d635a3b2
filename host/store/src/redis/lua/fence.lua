-- Locks earlier hosts out of one owner's data. KEYS: meta. ARGV: epoch.
return fence(KEYS[1], ARGV[1]) or redis.status_reply('OK')
