package limittest_test

import (
	"math"
	"testing"
	"time"

	"github.com/goflow-go/goflow/limit"
	"github.com/goflow-go/goflow/limit/limittest"
)

func TestModelCountsExactly(t *testing.T) {
	t.Parallel()
	m := limittest.NewModel(limit.Per(1, 24*time.Hour), 2)
	if got := m.Reserve(0, 2) + m.Reserve(0, 2); got != 48*time.Hour {
		t.Errorf("delays of %v, want 48h", got)
	}
	m.Return(0, 3)
	if got := m.Tokens(0).RatString(); got != "1" {
		t.Errorf("%s tokens after 3 came back, want 1", got)
	}
	m.Return(0, 5)
	m.Set(time.Hour, limit.PerSecond(0.1), 5)
	if got := m.Tokens(0).RatString(); got != "5" {
		t.Errorf("%s tokens, want 5: all of the new burst", got)
	}
}

func TestModelRefusesRatesThatAreNone(t *testing.T) {
	t.Parallel()
	for _, rate := range []limit.Rate{{}, limit.PerSecond(-1), limit.PerSecond(math.NaN())} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("there is a model of %v", rate)
				}
			}()
			limittest.NewModel(rate, 1)
		}()
	}
}
