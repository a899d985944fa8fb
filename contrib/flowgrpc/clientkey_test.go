package flowgrpc_test

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"pgregory.net/rapid"

	"github.com/goflow-go/goflow/contrib/flowgrpc"
)

var trusted = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}

// textAddr is an address of a transport of one's own.
type textAddr struct{ network, text string }

func (a textAddr) Network() string { return a.network }
func (a textAddr) String() string  { return a.text }

func tcp(addr string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(addr)) }

// from is the context of a call.
func from(addr net.Addr, forwarded ...string) context.Context {
	ctx := peer.NewContext(context.Background(), &peer.Peer{Addr: addr})
	if forwarded == nil {
		return ctx
	}
	return metadata.NewIncomingContext(ctx, metadata.MD{"x-forwarded-for": forwarded})
}

func TestClientKey(t *testing.T) {
	t.Parallel()
	proxy := tcp("10.0.0.1:80")
	for _, c := range []struct {
		name string
		ctx  context.Context //nolint:containedctx // a table of them
		want string
	}{
		{"a peer is its host", from(tcp("192.0.2.1:1234")), "192.0.2.1"},
		{"an IPv6 peer is its /64", from(tcp("[2001:db8:1:2:3:4:5:6]:1234")), "2001:db8:1:2::/64"},
		{"IPv4 in IPv6 is IPv4", from(tcp("[::ffff:192.0.2.1]:1234")), "192.0.2.1"},
		{"a zone is dropped", from(tcp("[fe80::1%eth0]:1234")), "fe80::/64"},
		{"a TCP peer of another type", from(textAddr{"tcp", "192.0.2.1:80"}), "192.0.2.1"},
		{"a TCP peer without an address", from(textAddr{"tcp", "?"}), "tcp"},
		{"an unset TCP address", from(&net.TCPAddr{}), "tcp"},
		{"Unix peers are one", from(&net.UnixAddr{Name: "@", Net: "unix"}), "unix"},
		{"a Unix peer that calls itself a proxy", from(&net.UnixAddr{Name: "10.0.0.1:80", Net: "unix"}, "1.2.3.4"), "unix"},
		{"bufconn peers are one", from(textAddr{"bufconn", "bufconn"}), "bufconn"},
		{"no address", from(nil, "1.2.3.4"), ""},
		{"no peer", context.Background(), ""},
		{"an untrusted peer is not believed", from(tcp("192.0.2.1:1"), "1.2.3.4"), "192.0.2.1"},
		{"a trusted peer is", from(proxy, "192.0.2.7"), "192.0.2.7"},
		{"a trusted peer that says nothing", from(proxy), "10.0.0.1"},
		{"the walk stops at the first stranger", from(proxy, "1.1.1.1, 192.0.2.7, 10.0.0.2"), "192.0.2.7"},
		{"all values count, the last first", from(proxy, "1.1.1.1", "192.0.2.7,10.0.0.2", "10.0.0.3"), "192.0.2.7"},
		{"all trusted: the left end", from(proxy, "10.0.0.3, 10.0.0.2"), "10.0.0.3"},
		{"unknown ends the walk", from(proxy, "1.1.1.1, unknown, 10.0.0.2"), "10.0.0.2"},
		{"a long entry ends the walk", from(proxy, strings.Repeat("1", 64<<10)), "10.0.0.1"},
		{"1,000 trusted entries are not all followed", from(proxy, "192.0.2.7"+strings.Repeat(",10.0.0.9", 999)), "10.0.0.9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := flowgrpc.ClientKey(trusted...)(c.ctx, "/a.B/C"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

var entries = rapid.OneOf(
	rapid.SampledFrom([]string{
		"", "unknown", "_x", "10.0.0.2", "10.1.2.3:80", "192.0.2.7", "[fd00::1]", "[fd00::1]:80", "2001:db8::1", "::ffff:10.0.0.9",
		"fe80::1%en0", "999.1.1.1", "[", "]", ":", " 10.0.0.2 ", "\"10.0.0.2\"",
	}),
	rapid.StringMatching(`[0-9a-f:.\[\]%, _-]{0,24}`),
	rapid.String(),
)

func values(t *rapid.T) []string {
	return rapid.SliceOf(rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOf(entries).Draw(t, "entries"), ",")
	})).Draw(t, "values")
}

func TestNoMetadataOfAnUntrustedPeerChangesItsKey(t *testing.T) {
	t.Parallel()
	peers := []net.Addr{
		tcp("192.0.2.1:1"), tcp("[2001:db8::1]:2"), tcp("[::ffff:192.0.2.1]:3"), tcp("11.0.0.1:4"), tcp("[fc00::1]:5"), nil,
		&net.UnixAddr{Name: "10.0.0.1:1", Net: "unix"}, textAddr{"bufconn", "10.0.0.1:1"},
	}
	key := flowgrpc.ClientKey(trusted...)
	rapid.Check(t, func(t *rapid.T) {
		addr := rapid.SampledFrom(peers).Draw(t, "peer")
		md := metadata.MD{}
		for _, name := range []string{"x-forwarded-for", "forwarded", "x-real-ip", "true-client-ip", ":authority", "X-Forwarded-For"} {
			md[name] = values(t)
		}
		if got, want := key(metadata.NewIncomingContext(from(addr), md), ""), key(from(addr), ""); got != want {
			t.Fatalf("metadata changed the key from %q to %q", want, got)
		}
	})
}

func TestOtherMetadataOfATrustedPeerIsNotRead(t *testing.T) {
	t.Parallel()
	key := flowgrpc.ClientKey(trusted...)
	rapid.Check(t, func(t *rapid.T) {
		md := metadata.MD{"x-forwarded-for": values(t)}
		want := key(metadata.NewIncomingContext(from(tcp("10.0.0.1:1")), md.Copy()), "")
		for _, name := range []string{"forwarded", "x-real-ip", "true-client-ip", ":authority"} {
			md[name] = values(t)
		}
		if got := key(metadata.NewIncomingContext(from(tcp("10.0.0.1:1")), md), ""); got != want {
			t.Fatalf("metadata changed the key from %q to %q", want, got)
		}
	})
}
