-- Counts instances. KEYS: the set of them. ARGV: an instance, and how long it lives without another
-- heartbeat (ms); 0 takes it out.
--
-- Gives how many there are.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local life = tonumber(ARGV[2])
if life > 0 then
	redis.call('ZADD', KEYS[1], now, ARGV[1])
	redis.call('PEXPIRE', KEYS[1], life)
	redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - life * 1000)
	redis.call('ZREMRANGEBYSCORE', KEYS[1], now + life * 1000, '+inf') -- the clock went back
else
	redis.call('ZREM', KEYS[1], ARGV[1])
end
return {redis.call('ZCARD', KEYS[1])}
