package flowhttp

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
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
	proxies := proxies(slices.Clone(trusted))
	return func(r *http.Request) string {
		addr, ok := proxies.client(r)
		switch {
		case !ok:
			return r.RemoteAddr
		case addr.Is4():
			return addr.String()
		}
		network, _ := addr.Prefix(64) // 64 bits always fit an IPv6 address
		return network.String()
	}
}

// proxies are the networks whose X-Forwarded-For is believed.
type proxies []netip.Prefix

func (p proxies) trust(addr netip.Addr) bool {
	return slices.ContainsFunc(p, func(network netip.Prefix) bool { return network.Contains(addr) })
}

// maxHops is how many proxies in a row are followed.
const maxHops = 64

// client gives the address of who sent r; ok is false when the peer has none.
func (p proxies) client(r *http.Request) (addr netip.Addr, ok bool) {
	addr, ok = address(r.RemoteAddr)
	if !ok || !p.trust(addr) {
		return addr, ok
	}
	hops := 0
	lines := r.Header["X-Forwarded-For"]
	for i := len(lines) - 1; i >= 0; i-- {
		for rest, more := lines[i], true; more; hops++ {
			var entry string
			rest, entry, more = cutLast(rest)
			forwardedFor, good := address(strings.Trim(entry, " \t"))
			if !good || hops == maxHops {
				return addr, true
			}
			if addr = forwardedFor; !p.trust(addr) {
				return addr, true
			}
		}
	}
	return addr, true
}

// cutLast takes the last entry off a list; more says whether there are others before it.
func cutLast(list string) (rest, last string, more bool) {
	if i := strings.LastIndexByte(list, ','); i >= 0 {
		return list[:i], list[i+1:], true
	}
	return "", list, false
}

// maxAddress is longer than any address with a port; what is longer is not parsed.
const maxAddress = 128

// address reads an IP address, with or without a port, IPv6 with or without brackets. Zones are
// dropped, and IPv4 in IPv6 is IPv4.
func address(s string) (netip.Addr, bool) {
	if len(s) > maxAddress {
		return netip.Addr{}, false
	}
	if strings.HasSuffix(s, "]") {
		s += ":0"
	}
	if strings.HasPrefix(s, "[") || strings.Count(s, ":") == 1 {
		withPort, err := netip.ParseAddrPort(s)
		return withPort.Addr().Unmap().WithZone(""), err == nil
	}
	addr, err := netip.ParseAddr(s)
	return addr.Unmap().WithZone(""), err == nil
}
