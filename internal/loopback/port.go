// Package loopback reserves ports for the servers of tests.
package loopback

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"testing"
)

// Ports are picked between these, and below those that the kernel gives to outgoing connections. From
// there a client that dials a dead server again and again would at last be connected to itself, and any
// other connection could be in the way of a server that comes back.
const (
	firstPort = 12000
	lastPort  = 32000
)

// Port is a reserved port. No other process that reserves ports here gets it until this one releases it or
// ends, whether a server listens or not. The reservation is an abstract Unix socket named after the port:
// the kernel knows only one of a name, and lets it go with its process.
type Port struct {
	Number int
	lock   net.Listener
}

// Reserve picks a free port of a loopback address.
func Reserve(host string) (*Port, error) {
	last := min(lastPort, firstOutgoing()-1)
	if last < firstPort {
		return nil, fmt.Errorf("loopback: the kernel leaves no ports from %d to %d to servers", firstPort, lastPort)
	}
	for range 1000 {
		number := firstPort + rand.IntN(last-firstPort+1)
		lock, err := listen("unix", "@goflow-loopback-"+strconv.Itoa(number))
		if err != nil {
			continue
		}
		if free(host, number) {
			return &Port{number, lock}, nil
		}
		_ = lock.Close()
	}
	return nil, fmt.Errorf("loopback: no free port on %s", host)
}

// Addr reserves a port of 127.0.0.1 until the test ends, and gives its address.
func Addr(tb testing.TB) string {
	tb.Helper()
	p, err := Reserve("127.0.0.1")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.Release)
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Number))
}

// Release gives the port back. It is safe to call again.
func (p *Port) Release() { _ = p.lock.Close() }

// free tells whether a server may listen on a port.
func free(host string, number int) bool {
	l, err := listen("tcp", net.JoinHostPort(host, strconv.Itoa(number)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

func listen(network, addr string) (net.Listener, error) {
	return new(net.ListenConfig).Listen(context.Background(), network, addr)
}

// firstOutgoing is the first of the ports that the kernel gives to outgoing connections.
func firstOutgoing() int {
	first := lastPort + 1
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		_, _ = fmt.Sscan(string(text), &first)
	}
	return first
}
