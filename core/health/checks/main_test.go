package checks_test

import (
	"errors"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/core"
	"github.com/goflow-go/goflow/core/health"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// meaning is what a registry makes of a check's error.
func meaning(err error) health.Status {
	switch {
	case err == nil:
		return health.Up
	case errors.Is(err, health.ErrDegraded):
		return health.Degraded
	}
	return health.Down
}

// requireRefused checks the error of a constructor.
func requireRefused(t *testing.T, err error, want string) {
	t.Helper()
	if !errors.Is(err, core.ErrInvalid) || !strings.HasPrefix(err.Error(), `checks: "`) || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want one that says %q", err, want)
	}
}
