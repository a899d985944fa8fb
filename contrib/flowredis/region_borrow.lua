-- Takes up what another region has lent. ARGV: that region, the nonce of what was taken up before ("-" for
-- nothing), the nonce of this, the rate, when it ends, and how long it lasts from now at the most; the era in
-- which that is when it ends, and what this clock must show at the least.
--
-- Gives whether it was taken up. It is not in another era: its end is on a clock that was set since.
local region, before, nonce, rate = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local ends = math.min(tonumber(ARGV[5]), now + tonumber(ARGV[6]))
if not ledger or ARGV[7] ~= ledger.era or ends <= now then
	return {0}
end
if settle(ARGV[7], ARGV[8]) then
	save()
	return {0}
end
for i, b in ipairs(ledger.borrowed) do
	if b.region == region then
		if b.ends > now and b.nonce ~= before then
			return {0}
		end
		table.remove(ledger.borrowed, i)
		break
	end
end
table.insert(ledger.borrowed, {region = region, nonce = nonce, rate = rate, ends = ends})
save()
return {1}
