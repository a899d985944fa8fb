// Package clientaddr finds out who sent a request that came through proxies. It is the one walk that
// the adapters of net/http and gRPC share.
package clientaddr

import (
	"net/netip"
	"slices"
	"strings"
)

// Proxies are the networks whose X-Forwarded-For is believed.
type Proxies []netip.Prefix

// Trust reports whether addr is in one of the networks.
func (p Proxies) Trust(addr netip.Addr) bool {
	return slices.ContainsFunc(p, func(network netip.Prefix) bool { return network.Contains(addr) })
}

// maxHops is how many proxies in a row are followed.
const maxHops = 64

// Client gives the address of who sent what peer handed on. When peer is trusted, that is who the right
// end of the X-Forwarded-For lines says it forwarded for, and so on to the first address that is not
// trusted. An entry that is not an address ends the walk.
func (p Proxies) Client(peer netip.Addr, lines []string) netip.Addr {
	addr := peer
	if !p.Trust(addr) {
		return addr
	}
	hops := 0
	for i := len(lines) - 1; i >= 0; i-- {
		for rest, more := lines[i], true; more; hops++ {
			var entry string
			rest, entry, more = cutLast(rest)
			forwardedFor, good := Parse(strings.Trim(entry, " \t"))
			if !good || hops == maxHops {
				return addr
			}
			if addr = forwardedFor; !p.Trust(addr) {
				return addr
			}
		}
	}
	return addr
}

// cutLast takes the last entry off a list; more says whether there are others before it.
func cutLast(list string) (rest, last string, more bool) {
	if i := strings.LastIndexByte(list, ','); i >= 0 {
		return list[:i], list[i+1:], true
	}
	return "", list, false
}

// Key is what a client is limited by: an IPv4 address, or the /64 network of an IPv6 address, the
// least a customer gets.
func Key(addr netip.Addr) string {
	if addr.Is4() {
		return addr.String()
	}
	network, _ := addr.Prefix(64) // 64 bits always fit an IPv6 address
	return network.String()
}

// maxAddress is longer than any address with a port; what is longer is not parsed.
const maxAddress = 128

// Parse reads an IP address, with or without a port, IPv6 with or without brackets. Zones are
// dropped, and IPv4 in IPv6 is IPv4.
func Parse(s string) (netip.Addr, bool) {
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
