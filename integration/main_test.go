package integration

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		for _, dir := range binaries {
			_ = os.RemoveAll(dir)
		}
		os.Exit(code)
	}))
}
