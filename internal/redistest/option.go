package redistest

import "fmt"

// Option sets how servers run.
type Option interface{ apply(*settings) }

type optionFunc func(*settings)

func (f optionFunc) apply(s *settings) { f(s) }

// settings is what options set.
type settings struct {
	password string
	tls      bool
	expired  bool
	ownAddrs bool
	clock    bool
	patient  bool
	lines    []string // of the config of servers that hold data
}

// WithPassword makes servers that hold data want a password. Sentinels want none.
func WithPassword(password string) Option {
	return optionFunc(func(s *settings) { s.password = password })
}

// WithTLS makes servers, and Sentinels, speak nothing but TLS. Clients need [Server.TLS].
func WithTLS() Option { return optionFunc(func(s *settings) { s.tls = true }) }

// WithExpiredTLS is [WithTLS] with a certificate that expired a minute ago. It is for single servers, as
// several would not talk to one another.
func WithExpiredTLS() Option {
	return optionFunc(func(s *settings) { s.tls, s.expired = true, true })
}

// WithAppendOnly makes servers keep what they are told: fsync is always, everysec or no. By default they
// forget all when they are killed.
func WithAppendOnly(fsync string) Option {
	return WithConfig("appendonly yes", "appendfsync "+fsync)
}

// WithMinReplicas makes a master refuse writes unless n replicas have answered it within a second or so.
func WithMinReplicas(n int) Option {
	return WithConfig(fmt.Sprintf("min-replicas-to-write %d", n), "min-replicas-max-lag 1")
}

// WithOwnAddrs gives each server a loopback address of its own, 127.1.0.1 and up, which it also connects
// from, so that a firewall can tell them apart.
func WithOwnAddrs() Option { return optionFunc(func(s *settings) { s.ownAddrs = true }) }

// WithClock makes [Server.SetClock] work. It needs gcc.
func WithClock() Option { return optionFunc(func(s *settings) { s.clock = true }) }

// WithPatience makes servers give one another up after 20 seconds instead of one, for tests that lose none
// on purpose: on a machine that is busy, one that is only slow would be failed over. Shared servers have it.
func WithPatience() Option { return optionFunc(func(s *settings) { s.patient = true }) }

// WithConfig adds lines of redis.conf to servers that hold data. The last line about a setting counts.
func WithConfig(lines ...string) Option {
	return optionFunc(func(s *settings) { s.lines = append(s.lines, lines...) })
}
