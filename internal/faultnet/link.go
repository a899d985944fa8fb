package faultnet

import (
	"context"
	"net"
	"sync"
	"time"
)

const (
	pieceSize  = 32 << 10
	requestMax = 64 << 10 // of a request that a Match sees
)

// link is one connection of a client, and the relay's own to the server.
type link struct {
	relay  *Relay
	client *net.TCPConn
	done   <-chan struct{} // closed by end
	end    context.CancelFunc

	mu       sync.Mutex
	server   *net.TCPConn // nil until it is dialled
	ended    bool
	request  []byte // of the turn
	answered bool   // the reply of the turn has begun
}

// run relays both ways until either ends.
func (l *link) run(server *net.TCPConn) {
	if !l.attach(server) {
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() { l.pump(server, l.client, l.fromServer) })
	l.pump(l.client, server, l.fromClient)
	wg.Wait()
}

// attach makes the server's connection end with the link.
func (l *link) attach(server *net.TCPConn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		_ = server.Close()
		return false
	}
	l.server = server
	return true
}

// pump moves pieces from one end to the other. Each goes by the hands of look, which may end the link.
func (l *link) pump(from, to *net.TCPConn, look func(piece []byte) bool) {
	defer l.close()
	buf := make([]byte, pieceSize)
	for {
		n, err := from.Read(buf)
		if passed := n == 0 || look(buf[:n]) && l.forward(to, buf[:n]); !passed || err != nil {
			return
		}
	}
}

// fromClient notes what belongs to the request.
func (l *link) fromClient(piece []byte) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.answered {
		l.answered, l.request = false, l.request[:0]
		l.relay.counts.requests.Add(1)
	}
	room := max(0, requestMax-len(l.request))
	l.request = append(l.request, piece[:min(room, len(piece))]...)
	l.relay.counts.toServer.Add(int64(len(piece)))
	return true
}

// fromServer spoils the reply if its turn has come, and tells whether it passes.
func (l *link) fromServer(piece []byte) bool {
	c := &l.relay.counts
	if request, begins := l.reply(); begins {
		c.replies.Add(1)
		cut, delay := l.relay.faults.spoil(request)
		if cut {
			c.cut.Add(1)
			return false
		}
		if delay > 0 {
			c.delayed.Add(1)
		}
		if delay += l.relay.faults.latency(); !l.wait(delay) {
			return false
		}
	}
	c.toClient.Add(int64(len(piece)))
	return true
}

// reply gives the request that the server now begins to answer. What a server sends unasked is no reply.
func (l *link) reply() (request []byte, begins bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.answered {
		return nil, false
	}
	l.answered = true
	return append([]byte(nil), l.request...), true
}

// forward writes a piece, in slices and as slowly as the relay is told to.
func (l *link) forward(to *net.TCPConn, piece []byte) bool {
	for len(piece) > 0 {
		size, took := l.relay.faults.slice(len(piece))
		if !l.wait(took) || !l.pass() {
			return false
		}
		if _, err := to.Write(piece[:size]); err != nil {
			return false
		}
		piece = piece[size:]
	}
	return true
}

// wait lets time pass, unless the link ends.
func (l *link) wait(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.done:
		return false
	}
}

// pass waits while the relay is stalled, unless the link ends.
func (l *link) pass() bool {
	select {
	case <-l.relay.faults.open():
		return true
	case <-l.done:
		return false
	}
}

// close ends the link. It is safe to call again.
func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return
	}
	l.ended = true
	l.end()
	_ = l.client.Close()
	if l.server != nil {
		_ = l.server.Close()
	}
}

// reset ends the link with a reset for the client.
func (l *link) reset() {
	_ = l.client.SetLinger(0)
	l.close()
}
