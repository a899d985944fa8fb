package flowgrpc

import (
	"context"
	"net"
	"net/netip"
	"slices"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/goflow-go/goflow/internal/clientaddr"
)

// ClientKey gives a function that tells clients apart by their address: the default of [WithKey].
// An IPv4 client is its address; an IPv6 client is its /64 network, the least a customer gets, so
// that it cannot become many clients.
//
// The address is the peer's. When the peer is in one of the trusted networks, it is the one the
// x-forwarded-for metadata says it forwarded for, and so on from the right end of that metadata (all
// its values together) to the first address that is not trusted. An entry that is not an address ends
// the walk: the last good one counts. So no metadata a client sends can change its key, unless its
// peer is trusted. No other metadata is read: a proxy that sets x-forwarded-for passes the rest on
// as the client sent it.
//
// A peer that is not on TCP (on a Unix socket, in memory) is never trusted, and its key is the name of
// its network, "unix" or "bufconn": such a peer chooses its own address. Without a peer the key is "".
func ClientKey(trusted ...netip.Prefix) func(ctx context.Context, fullMethod string) string {
	proxies := clientaddr.Proxies(slices.Clone(trusted))
	return func(ctx context.Context, _ string) string {
		p, ok := peer.FromContext(ctx)
		if !ok || p.Addr == nil {
			return ""
		}
		addr, ok := tcpAddress(p.Addr)
		if !ok {
			return p.Addr.Network()
		}
		if proxies.Trust(addr) {
			addr = proxies.Client(addr, metadata.ValueFromIncomingContext(ctx, "x-forwarded-for"))
		}
		return clientaddr.Key(addr)
	}
}

// tcpAddress is the IP address of a TCP peer.
func tcpAddress(a net.Addr) (netip.Addr, bool) {
	if tcp, ok := a.(*net.TCPAddr); ok {
		addr := tcp.AddrPort().Addr().Unmap().WithZone("")
		return addr, addr.IsValid()
	}
	if a.Network() != "tcp" {
		return netip.Addr{}, false
	}
	return clientaddr.Parse(a.String())
}
