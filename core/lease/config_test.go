package lease_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/lease"
)

func TestWrongConfigsNameTheFieldAtFault(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		cfg  lease.Config
		want string
	}{
		{"a negative TTL", lease.Config{TTL: -1}, "TTL must be at least 3 times Timeout"},
		{"a TTL too short for a request", lease.Config{TTL: 20 * time.Millisecond}, "TTL must be at least 3 times Timeout, which is 10ms"},
		{"a TTL too short for its Timeout", lease.Config{TTL: time.Second, Timeout: 500 * time.Millisecond}, "TTL must be at least 3 times Timeout, which is 500ms"},
		{"a Timeout too long for the default TTL", lease.Config{Timeout: time.Minute}, "Timeout must be at most a third of TTL, which is 15s"},
		{"a Timeout no server can keep", lease.Config{Timeout: time.Millisecond}, "Timeout must be at least 10ms"},
		{"a TTL of a century", lease.Config{TTL: 1e6 * time.Hour}, "TTL must be at most"},
		{"a negative margin", lease.Config{Margin: -1}, "Margin must not be negative"},
		{"a margin that leaves too little", lease.Config{TTL: time.Second, Margin: 400 * time.Millisecond}, "Margin must be at most a third of TTL, which is 1s"},
		{"polls too often", lease.Config{Poll: 1}, "Poll must be at least 1ms"},
		{"polls too seldom", lease.Config{TTL: time.Second, Poll: time.Minute}, "Poll must be at most TTL, which is 1s"},
		{"remembers for a negative time", lease.Config{DoneFor: -1}, "DoneFor must not be negative"},
		{"remembers for centuries", lease.Config{DoneFor: 2e6 * time.Hour}, "DoneFor must be at most"},
		{"a negative number of waiters", lease.Config{MaxWaiters: -1}, "MaxWaiters must not be negative"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l, err := lease.NewLocker("jobs", lease.NewMemory(), c.cfg)
			if l != nil || !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error that says %q", err, c.want)
			}
		})
	}
}

func TestShortestConfigIsAccepted(t *testing.T) {
	t.Parallel()
	newLocker(t, lease.NewMemory(), lease.Config{TTL: 30 * time.Millisecond})
	newLocker(t, lease.NewMemory(), lease.Config{})
	newLocker(t, lease.NewMemory(), short)
}

func TestConstructorsRefuseWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, noStore := lease.NewLocker("jobs", nil, lease.Config{})
	_, noName := lease.NewLocker("", lease.NewMemory(), lease.Config{})
	_, noLocker := lease.NewElector("leader", nil)
	_, noElectorName := lease.NewElector("", newLocker(t, lease.NewMemory(), short))
	for what, err := range map[string]error{"store": noStore, "name": noName, "locker": noLocker, "the elector's name": noElectorName} {
		if !errors.Is(err, core.ErrInvalid) {
			t.Errorf("without %s: got %v, want one that matches core.ErrInvalid", what, err)
		}
	}
}

func TestStatesHaveNames(t *testing.T) {
	t.Parallel()
	for s, want := range map[lease.State]string{lease.Held: "held", lease.Granted: "granted", lease.Done: "done", 9: "State(9)"} {
		if got := s.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
