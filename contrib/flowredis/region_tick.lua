-- A process of the region is there. KEYS: the ledger, and what is asked for in each process. ARGV: the
-- process; share and burst; what is asked for there; in which era it was here last, and what this clock must show
-- at the least; how long a tick lasts; what it knows to be lent, as the ledger has it,
-- "-" when it knows of no ledger; the regions that do not answer it; then what is to be taken back, in pairs
-- (REGION, NONCE).
--
-- A ledger that is not there is made. A process that knew one puts back what was lent, with all permits in
-- use: so no more is lost than what was lent anew since it looked.
--
-- Gives the time, the era, what is asked for in all processes, what no one else can have for a while, whether this
-- process balances, what is lent, what is borrowed, and the regions that do not answer.
local me, share, burst, asked = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local tick, known = tonumber(ARGV[7]), ARGV[8]
local f = redis.call('HMGET', KEYS[1], 'lent', 'demand', 'turn', 'since', 'cut')
local all, demand, turn, since, cut = {}, tonumber(f[2] or '0'), f[3] or '', tonumber(f[4] or '0'), f[5] or ''
if ledger then
	all = loans(f[1])
	settle(ARGV[5], ARGV[6])
else
	ledger = {at = now, used = 0, share = share, burst = burst, held = 0, borrowed = {}, era = int(now)}
	if known ~= '-' then
		all, ledger.used = loans(known), burst
		for _, l in ipairs(all) do
			l.nonce = l.nonce .. '*' -- it may have been renewed since: it is seen, and runs out, anew
		end
	end
end
ledger.share, ledger.burst = share, burst

for i = 10, #ARGV, 2 do
	for at, l in ipairs(all) do
		if l.region == ARGV[i] and l.nonce == ARGV[i + 1] then
			table.remove(all, at)
			break
		end
	end
end
local text
text, ledger.held = lent(all)

redis.call('HSET', KEYS[2], me, asked .. ' ' .. int(now))
local mine = turn == me or now - since > 3 * tick or since > now
if mine then
	turn, since, cut, demand = me, now, ARGV[9], 0
	local processes = redis.call('HGETALL', KEYS[2])
	for i = 1, #processes, 2 do
		local rate, at = string.match(processes[i + 1], '^(%d+) (%d+)$')
		if rate and math.abs(now - tonumber(at)) <= 5 * tick then
			demand = demand + tonumber(rate)
		else
			redis.call('HDEL', KEYS[2], processes[i])
		end
	end
end

local borrowed = save()
redis.call('HSET', KEYS[1], 'share', int(share), 'burst', int(burst), 'lent', text, 'demand', int(demand),
	'ticked', int(now), 'turn', turn, 'since', int(since), 'cut', cut)
redis.call('PEXPIRE', KEYS[1], 3600000)
redis.call('PEXPIRE', KEYS[2], 3600000)
local kept = math.max(share - math.max(ledger.held, spare(demand)), 0)
return {int(now), ledger.era, int(demand), int(kept), mine and '1' or '0', text, borrowed, cut}
