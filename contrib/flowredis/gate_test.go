package flowredis_test

import (
	"errors"
	"testing"
	"time"

	"github.com/goflow-go/goflow/contrib/flowredis"
)

var errDown = errors.New("down")

// watched is a gate whose changes of mode are counted.
func watched() (g *flowredis.Gate, moves *[]flowredis.Mode) {
	moves = new([]flowredis.Mode)
	return flowredis.NewGate(func(to flowredis.Mode, _ error) { *moves = append(*moves, to) }), moves
}

// shut makes a gate shut at 0.
func shut(t *testing.T, g *flowredis.Gate) {
	t.Helper()
	for range 3 {
		g.Failed(g.Admit(0), 0, errDown)
	}
	if g.Mode() != flowredis.Degraded {
		t.Fatal("three failures in a row did not shut the gate")
	}
}

func TestGateShutsAfterFailuresInARow(t *testing.T) {
	t.Parallel()
	g, moves := watched()
	for range 10 {
		g.Failed(g.Admit(0), 0, errDown)
		g.Failed(g.Admit(0), 0, errDown)
		g.GaveUp(g.Admit(0), 0)
		g.Answered(g.Admit(0), 0)
	}
	if len(*moves) > 0 {
		t.Fatal("failures with answers between them shut the gate")
	}
	late := g.Admit(0)
	shut(t, g)
	g.Answered(late, 0)
	if g.Mode() != flowredis.Degraded || g.Admit(0) != nil || len(*moves) != 1 {
		t.Errorf("got mode %v and moves %v, want it shut once, whatever ends late", g.Mode(), *moves)
	}
}

func TestGateLetsOneProbeThroughAtATime(t *testing.T) {
	t.Parallel()
	g, moves := watched()
	shut(t, g)
	now := int64(0)
	waits := []time.Duration{500 * time.Millisecond, time.Second, time.Second, time.Second}
	for i, most := range waits {
		wait := g.RetryIn(now)
		if time.Duration(wait) < most/2 || time.Duration(wait) > most {
			t.Errorf("probe %d comes after %v, want between half of %v and all of it", i, time.Duration(wait), most)
		}
		if g.Admit(now+wait-1) != nil {
			t.Error("a call came through before the time")
		}
		now += wait
		probe := g.Admit(now)
		if probe == nil || g.Admit(now) != nil {
			t.Fatal("want one probe, and no other while it is out")
		}
		if i == 1 {
			g.GaveUp(probe, now)
			if probe = g.Admit(now); probe == nil {
				t.Fatal("a probe whose caller gave up was not replaced")
			}
		}
		g.Failed(probe, now, errDown)
	}
	if len(*moves) != 1 {
		t.Errorf("got moves %v, want one", *moves)
	}
}

func TestGateOpensToAGrowingShareOfTheCalls(t *testing.T) {
	t.Parallel()
	g, moves := watched()
	shut(t, g)
	now := g.RetryIn(0)
	g.Answered(g.Admit(now), now)
	if g.Mode() != flowredis.Coordinated || len(*moves) != 2 {
		t.Fatalf("got mode %v and moves %v, want it back", g.Mode(), *moves)
	}
	share := func(after time.Duration) (admitted int) {
		for range 1000 {
			if g.Admit(now+int64(after)) != nil {
				admitted++
			}
		}
		return admitted
	}
	if got := share(flowredis.RampTime / 10); got > 250 {
		t.Errorf("after a tenth of the ramp %d of 1000 calls came through, want about 100", got)
	}
	if got := share(flowredis.RampTime / 2); got < 350 || got > 650 {
		t.Errorf("after half of the ramp %d of 1000 calls came through, want about 500", got)
	}
	if got := share(flowredis.RampTime); got != 1000 {
		t.Errorf("after the ramp %d of 1000 calls came through, want all", got)
	}
}
