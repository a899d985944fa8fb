-- Takes permits that are held until they are released. KEYS: the holdings. ARGV: a holding (NAME:PERMITS), its
-- permits, the limit, and how long it lives without being renewed (microseconds).
--
-- The state is a sorted set of holdings by when they end, on this server's clock. The member "=" has the
-- number of permits held, below zero.
--
-- Gives whether it was allowed, and how many permits are held.
local n, limit, life = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local held = -tonumber(redis.call('ZSCORE', KEYS[1], '=') or '0')
for _, dead in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], 1, now)) do
	redis.call('ZREM', KEYS[1], dead)
	held = held - tonumber(string.match(dead, '%d+$'))
end
for _, late in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], now + 10 * life, '+inf')) do
	redis.call('ZADD', KEYS[1], now + life, late) -- the clock went back
end
local allowed = 0
if held + n <= limit then
	allowed, held = 1, held + n
	redis.call('ZADD', KEYS[1], now + life, ARGV[1])
end
if held > 0 then
	redis.call('ZADD', KEYS[1], -held, '=')
	redis.call('PEXPIRE', KEYS[1], math.ceil(life / 1000) * 10 + 1000)
else
	redis.call('DEL', KEYS[1])
end
return {allowed, held}
