package flowredis

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// twin is the ledger of a region without Redis: what its scripts do, said again in Go, one step after the
// other. Tests compare the two, and simulate regions with it.
type twin struct {
	now func() int64 // microseconds of its server's clock

	there    bool
	era      int64
	at, used int64
	share    int64
	burst    int64
	lent     []twinLoan
	borrowed []twinBorrowed
	demand   int64
	ticked   int64
	turn     string
	since    int64
	cut      string
	asked    map[string]twinAsked
}

type twinLoan struct {
	region, nonce        string
	promised, held, want int64
}

type twinBorrowed struct {
	region, nonce string
	rate, ends    int64
}

type twinAsked struct{ rate, at int64 }

func (t *twin) held() (sum int64) {
	for _, l := range t.lent {
		sum += l.held
	}
	return sum
}

func (t *twin) own() int64 { return max(t.share-t.held(), 0) }

// rate is how fast permits come back now.
func (t *twin) rate() int64 {
	sum := t.own()
	for _, b := range t.borrowed {
		if b.ends > t.now() && t.now() >= t.at {
			sum += b.rate
		}
	}
	return sum
}

// sees reports whether the clock went back, as a process knows it.
func (t *twin) sees(by witness) bool {
	return t.now() < t.at || by.era == fmt.Sprint(t.era) && t.now() < by.least
}

// rateFor is how fast permits come for a process that asks now.
func (t *twin) rateFor(by witness) int64 {
	if t.sees(by) {
		return t.own()
	}
	return t.rate()
}

// settle reports whether the clock went back.
func (t *twin) settle(by witness) (back bool) {
	now := t.now()
	if back = t.sees(by); back {
		t.at, t.borrowed = min(t.at, now), nil
		t.era++
	}
	came := float64(t.own()) * float64(now-t.at)
	for _, b := range t.borrowed {
		came += float64(b.rate) * float64(max(min(now, b.ends)-t.at, 0))
	}
	t.used = max(min(t.used, t.burst)-int64(min(math.Floor(came/micros), maxMicros)), 0)
	t.at = now
	return back
}

func (t *twin) prune() {
	t.borrowed = slices.DeleteFunc(t.borrowed, func(b twinBorrowed) bool { return b.ends <= t.now() })
}

func (t *twin) spare() int64 {
	return max(t.share-t.demand-max(t.demand/25, t.share/100), 0)
}

// take is the script that decides; known is false when there is no ledger.
func (t *twin) take(n int64, by witness) (allowed bool, used, rate int64, known bool) {
	if !t.there {
		return false, 0, 0, false
	}
	at, before := t.at, t.used
	back := t.settle(by)
	if t.used+n*micros <= t.burst {
		allowed, t.used = true, t.used+n*micros
	}
	used, rate = t.used, t.rate()
	if !allowed && !back { // nothing is written
		t.at, t.used = at, before
		return allowed, used, rate, true
	}
	t.prune()
	return allowed, used, rate, true
}

func (t *twin) tick(c tickCall) view {
	now := t.now()
	if t.there {
		t.settle(c.looked)
	} else {
		asked := t.asked
		*t = twin{now: t.now, there: true, era: now, at: now, share: c.own.share, burst: int64(c.own.burst) * micros, asked: asked}
		if c.known != nothing {
			t.used, t.lent = t.burst, readTwinLoans(c.known)
			for i := range t.lent {
				t.lent[i].nonce += "*"
			}
		}
	}
	t.share, t.burst = c.own.share, int64(c.own.burst)*micros
	for i := 0; i < len(c.back); i += 2 {
		t.lent = slices.DeleteFunc(t.lent, func(l twinLoan) bool { return l.region == c.back[i] && l.nonce == c.back[i+1] })
	}
	t.report(c)
	t.ticked = now
	t.prune()
	v := view{
		now: now, era: fmt.Sprint(t.era), demand: t.demand, kept: max(t.share-max(t.held(), t.spare()), 0), balances: t.turn == c.process,
		lentText: t.lentText(), cut: strings.Fields(t.cut),
	}
	for _, l := range t.lent {
		v.lent = append(v.lent, lentTo{l.region, l.nonce, l.held})
	}
	for _, b := range t.borrowed {
		v.borrowed = append(v.borrowed, borrowedFrom{b.region, b.nonce, b.rate})
	}
	return v
}

// report notes what a process is asked for, and who balances.
func (t *twin) report(c tickCall) {
	now := t.now()
	if t.asked == nil {
		t.asked = make(map[string]twinAsked)
	}
	t.asked[c.process] = twinAsked{c.asked, now}
	if t.turn != c.process && now-t.since <= 3*c.tick && t.since <= now {
		return
	}
	t.turn, t.since, t.cut, t.demand = c.process, now, c.cut, 0
	for process, a := range t.asked {
		if max(now-a.at, a.at-now) > 5*c.tick {
			delete(t.asked, process)
			continue
		}
		t.demand += a.rate
	}
}

func (t *twin) lentText() string {
	var text strings.Builder
	for _, l := range t.lent {
		fmt.Fprintf(&text, "%s %s %d %d %d\n", l.region, l.nonce, l.promised, l.held, l.want)
	}
	return text.String()
}

func readTwinLoans(text string) (all []twinLoan) {
	for line := range strings.Lines(text) {
		l := twinLoan{}
		if _, err := fmt.Sscan(line, &l.region, &l.nonce, &l.promised, &l.held, &l.want); err == nil {
			all = append(all, l)
		}
	}
	return all
}

func (t *twin) lend(c lendCall) loan {
	now := t.now()
	if !t.there || t.ticked > now || now-t.ticked > c.fresh {
		return loan{}
	}
	at := slices.IndexFunc(t.lent, func(l twinLoan) bool { return l.region == c.region })
	before := twinLoan{region: c.region}
	if at >= 0 {
		before = t.lent[at]
	}
	most := t.fairShare(c.region)
	if before.held > 0 && before.nonce != c.ack {
		return loan{most: most}
	}
	free := max(t.spare()-(t.held()-before.held), 0)
	t.settle(witness{})
	t.prune()
	l := twinLoan{region: c.region, nonce: c.nonce, promised: min(c.want, most, free), want: c.want}
	l.held = max(before.promised, l.promised)
	if at >= 0 {
		t.lent[at] = l
	} else {
		t.lent = append(t.lent, l)
	}
	return loan{noted: true, rate: l.promised, most: most}
}

// fairShare is what a region could have of what is spare: whoever wants less than an equal part has that.
func (t *twin) fairShare(region string) int64 {
	var others []twinLoan
	for _, l := range t.lent {
		if l.region != region {
			others = append(others, l)
		}
	}
	slices.SortFunc(others, func(a, b twinLoan) int { return cmp.Compare(a.want, b.want) })
	left, among := t.spare(), int64(len(others)+1)
	for _, l := range others {
		if l.want*among > left {
			break
		}
		left, among = left-l.want, among-1
	}
	return left / among
}

func (t *twin) borrow(c borrowCall) bool {
	ends := min(c.ends, t.now()+c.left)
	if !t.there || c.looked.era != fmt.Sprint(t.era) || ends <= t.now() {
		return false
	}
	if t.settle(c.looked) {
		return false
	}
	for i, b := range t.borrowed {
		if b.region != c.region {
			continue
		}
		if b.ends > t.now() && b.nonce != c.before {
			return false
		}
		t.borrowed = slices.Delete(t.borrowed, i, i+1)
		break
	}
	t.borrowed = append(t.borrowed, twinBorrowed{c.region, c.nonce, c.rate, ends})
	t.prune()
	return true
}
