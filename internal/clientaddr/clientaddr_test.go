package clientaddr_test

import (
	"net/netip"
	"testing"

	"github.com/goflow-go/goflow/internal/clientaddr"
)

// The walk's own tests, its properties and its fuzz target are those of contrib/flowhttp and
// contrib/flowgrpc, whose key functions it is.

func TestTheWalkBeginsAtThePeer(t *testing.T) {
	t.Parallel()
	trusted := clientaddr.Proxies{netip.MustParsePrefix("10.0.0.0/8")}
	for _, c := range []struct {
		name, peer string
		lines      []string
		want       string
	}{
		{"a stranger is not believed", "192.0.2.1", []string{"1.2.3.4"}, "192.0.2.1"},
		{"a proxy is", "10.0.0.1", []string{"1.2.3.4"}, "1.2.3.4"},
		{"a proxy without a word is the client", "10.0.0.1", nil, "10.0.0.1"},
		{"the right end of the last line comes first", "10.0.0.1", []string{"1.1.1.1", "2.2.2.2, 10.0.0.2"}, "2.2.2.2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := trusted.Client(netip.MustParseAddr(c.peer), c.lines).String(); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
