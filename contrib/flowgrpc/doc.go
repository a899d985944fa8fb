// Package flowgrpc puts policies and limits around gRPC: a [Guard] around handlers, and a [Client] around
// calls. Both stand on otelgrpc, which makes their spans and metrics. A [Server] serves as a
// core.Service, [Health] answers probes from a health.Registry, and [Receive] and [Send] join gRPC
// streams to package streams.
//
//	clients, err := limit.NewKeyed("clients", limit.KeyedConfig{Rate: limit.PerSecond(20), Burst: 40})
//	...
//	edge, err := flowgrpc.NewGuard("edge", flowgrpc.GuardConfig{}, flowgrpc.WithLimit(clients))
//	...
//	server, err := flowgrpc.NewServer("api", flowgrpc.ServerConfig{Addr: "127.0.0.1:9090"}, register, edge.ServerOptions()...)
//
// # Words
//
//   - Call: a unary call or a stream, from its opening to its end.
//   - Peer, key: whom a call counts against; see [ClientKey].
//   - Refusal: an answer the handler had no part in.
//   - Attempt: one time a [Client] sends a call. Policies may make several.
//
// # Guarantees
//
// No metadata a client sends changes its key, unless it comes through a trusted proxy. Nothing of a call
// is reflected in a refusal, nor the text of a panic. A handler runs once or not at all, never after
// its call is over, and every Admitter is told how it ended, by a cancelled caller and a dead
// connection too. A call whose deadline has passed is refused before it takes a permit, and again before
// its handler would run. A Guard starts no goroutine. No attempt of a unary call outlives it.
//
// # Deadlines
//
// gRPC carries the deadline of the caller's context to the handler's. A timeout policy of a [Guard]
// shortens it there, and is the most a call may take on this server, whatever its caller says; of a
// [Client], it is the most the caller waits. Neither ends a handler that does not heed its context.
//
// # Telemetry
//
// A server span and rpc.server.call.duration for each call, a client span and rpc.client.call.duration
// for each attempt (with goflow.retry.attempt from the second on) by otelgrpc; limits and other policies
// report on their own, as children of these spans. On top of otelgrpc, error.type on the server span of
// refusals and panics: the class of the error. On metrics the status code is all there is, as
// rpc.response.status_code.
//
// # When not to use it
//
// A retry around a handler: it cannot run twice. A timeout around streams that last: give it to
// [WithUnaryPolicies].
package flowgrpc
