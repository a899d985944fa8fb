-- Releases a holding, once. KEYS: the holdings, as acquire has them. ARGV: the holding, its permits.
--
-- Gives whether it was held.
if redis.call('ZREM', KEYS[1], ARGV[1]) == 0 then
	return {0}
end
local held = -tonumber(redis.call('ZSCORE', KEYS[1], '=') or '0') - tonumber(ARGV[2])
if held > 0 then
	redis.call('ZADD', KEYS[1], -held, '=')
else
	redis.call('DEL', KEYS[1])
end
return {1}
