package loopback_test

import (
	"net"
	"strconv"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/goflow-go/goflow/internal/loopback"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPortsAreReservedOnce(t *testing.T) {
	t.Parallel()
	const n = 200
	ports := make([]*loopback.Port, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			var err error
			if ports[i], err = loopback.Reserve("127.0.0.1"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	seen := map[int]bool{}
	for _, p := range ports {
		if p == nil {
			continue
		}
		if seen[p.Number] {
			t.Errorf("port %d was reserved twice", p.Number)
		}
		seen[p.Number] = true
		p.Release()
		p.Release()
	}
}

func TestServersListenOnReservedPorts(t *testing.T) {
	t.Parallel()
	port, err := loopback.Reserve("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	defer port.Release()
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port.Number))
	for range 2 { // and again after they ended
		server, err := new(net.ListenConfig).Listen(t.Context(), "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = server.Close()
	}
}

func TestAddressesThatAreNotHereHaveNoPorts(t *testing.T) {
	t.Parallel()
	if port, err := loopback.Reserve("203.0.113.7"); err == nil {
		t.Errorf("got port %d, want an error", port.Number)
	}
}
