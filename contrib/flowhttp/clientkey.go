package flowhttp

import (
	"net/http"
	"net/netip"
	"slices"

	"github.com/goflow-go/goflow/internal/clientaddr"
)

// ClientKey gives a function that tells clients apart by their address: the default of [WithKey].
// An IPv4 client is its address; an IPv6 client is its /64 network, the least a customer gets, so
// that it cannot become many clients.
//
// The address is the peer's, from RemoteAddr. When the peer is in one of the trusted networks, it is
// the one X-Forwarded-For says it forwarded for, and so on from the right end of that header (all
// its lines together) to the first address that is not trusted. An entry that is not an address ends
// the walk: the last good one counts. So no header a client sends can change its key, unless its
// peer is trusted. The Forwarded, X-Real-IP and True-Client-IP headers are not read: a proxy that
// sets X-Forwarded-For passes those on as the client sent them.
//
// A peer without an IP address (on a Unix socket) is never trusted, and its key is RemoteAddr as it
// stands.
func ClientKey(trusted ...netip.Prefix) func(*http.Request) string {
	proxies := clientaddr.Proxies(slices.Clone(trusted))
	return func(r *http.Request) string {
		addr, ok := client(r, proxies)
		if !ok {
			return r.RemoteAddr
		}
		return clientaddr.Key(addr)
	}
}

// client gives the address of who sent r; ok is false when the peer has none.
func client(r *http.Request, proxies clientaddr.Proxies) (addr netip.Addr, ok bool) {
	peer, ok := clientaddr.Parse(r.RemoteAddr)
	if !ok {
		return peer, false
	}
	return proxies.Client(peer, r.Header["X-Forwarded-For"]), true
}
