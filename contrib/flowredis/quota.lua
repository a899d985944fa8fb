-- The quota that was set while limiters run. KEYS: where it is kept. ARGV: a version, a rate and a burst
-- as text, and how long to keep it (ms). A new quota has version -1 and gets one of its own; one that
-- a caller knows is put back when an older one or none is there; version 0 only reads.
--
-- Gives what is kept then: "VERSION RATE BURST", or "".
local kept = redis.call('GET', KEYS[1]) or ''
local version = tonumber(string.match(kept, '^%d+') or '0')
local mine = tonumber(ARGV[1])
if mine < 0 then
	local time = redis.call('TIME')
	mine = math.max(time[1] * 1000000 + time[2], version + 1)
end
if mine > version then
	kept = string.format('%.0f ', mine) .. ARGV[2]
end
if kept ~= '' then
	redis.call('SET', KEYS[1], kept, 'PX', ARGV[3])
end
return kept
