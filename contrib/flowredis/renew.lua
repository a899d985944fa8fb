-- Renews holdings. KEYS: the holdings, as acquire has them. ARGV: how long they live without being renewed
-- again (microseconds), then the holdings.
--
-- Gives for each whether it was still held.
local life = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local known = {}
for i = 2, #ARGV do
	known[i - 1] = 0
	if redis.call('ZSCORE', KEYS[1], ARGV[i]) then
		redis.call('ZADD', KEYS[1], now + life, ARGV[i])
		known[i - 1] = 1
	end
end
redis.call('PEXPIRE', KEYS[1], math.ceil(life / 1000) * 10 + 1000)
return known
