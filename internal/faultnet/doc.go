// Package faultnet puts a relay between a client and a server, which spoils what passes.
//
//	relay := faultnet.Listen(t, server.Addr())
//	client := dial(relay.Addr())
//	relay.CutReplies(1, faultnet.Contains("EVALSHA"))
//	client.Take() // the server did it, and the client cannot know
//
// All switches work while connections are open, and from any goroutine. [Relay.Heal] turns all off.
//
// # Turns
//
// The relay knows no protocol. What a client sends until the server answers is a request, and what the
// server sends until the client goes on is its reply: so a pipeline is one request with one reply. Whether
// a reply is spoiled is decided when its first bytes come back, when the server has done the work. A [Match]
// sees the request, at most its first 64 KiB.
package faultnet
