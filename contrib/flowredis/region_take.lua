-- A token bucket whose rate is what the region has now, where loans have ended or the clock went back. ARGV:
-- nothing, permits, and when the caller looked last: the era, and what this clock must show at the least.
--
-- Gives whether it was allowed, the micro-permits in use, and the rate.
if not ledger then
	return redis.error_reply('QUOTA is not there')
end
local n = tonumber(ARGV[2]) * 1000000
local back, allowed = settle(ARGV[3], ARGV[4]), 0
if ledger.used + n <= ledger.burst then
	allowed, ledger.used = 1, ledger.used + n
end
if allowed == 1 or back then
	save()
end
return {allowed, ledger.used, rate()}
