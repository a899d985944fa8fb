// Package flowhttp puts policies and limits around net/http: a [Middleware] around handlers, and a
// [Transport] for clients. Both stand on otelhttp, which makes their spans and metrics. A [Server]
// serves a handler as a core.Service. [NewStack] and [NewClient] make the usual ones in one call.
// Bodies of JSON lines and of server-sent events are streams: see [NDJSON], [WriteNDJSON], [Events],
// [WriteEvents] and [Subscribe].
//
//	clients, err := limit.NewKeyed("clients", limit.KeyedConfig{Rate: limit.PerSecond(20), Burst: 40})
//	...
//	edge, err := flowhttp.NewMiddleware("edge", flowhttp.MiddlewareConfig{}, flowhttp.WithLimit(clients))
//	...
//	server, err := flowhttp.NewServer("api", flowhttp.ServerConfig{Addr: "127.0.0.1:8080"}, edge.Wrap(mux))
//
// # Words
//
//   - Client, key: whom a request counts against; see [ClientKey].
//   - Quota: what a keyed limit gives each client. It is shown in the RateLimit and RateLimit-Policy
//     fields of every response, allowed or not.
//   - Refusal: an answer the handler had no part in, of status 429 or 503.
//   - Attempt: one request a [Transport] sends. Policies may make several of one RoundTrip.
//   - Repeatable: what may be sent more than once; see [Repeatable].
//   - Importance: what is refused last when not all can be served; see [WithImportance].
//
// # Guarantees
//
// No header a client sends changes its key, unless it comes through a trusted proxy. Nothing of a
// request is reflected in a refusal. Retry-After is a whole number of seconds, at least 1, rounded
// up, and never earlier than t of RateLimit. A handler runs once or not at all, never after its
// request is over, and what it panics with reaches the server after every Admitter was told; permits
// are held until it returns. A request that is not safe to repeat is sent once. Neither a Middleware nor a Transport starts a goroutine. A Transport always closes the request's body and the answers it
// does not return.
//
// The RateLimit fields are those of draft-ietf-httpapi-ratelimit-headers-11, problem types those of
// the same draft in RFC 9457's application/problem+json. They are set before the handler runs, so a
// handler can remove them (from a redirect whose target is not limited, say). For browsers to read
// them across origins, list RateLimit, RateLimit-Policy and Retry-After in
// Access-Control-Expose-Headers.
//
// # Telemetry
//
// A server span and http.server.request.duration for each request, a client span and
// http.client.request.duration for each attempt (with http.request.resend_count from the second
// on), and the size histograms of otelhttp; limits and other policies report on their own, as
// children of these spans. On top of otelhttp:
//
//   - http.route on the server span, when a ServeMux matched.
//   - error.type on the server span and metrics of refusals: the class of the error. A panic marks
//     the span; otelhttp records no metrics of it.
//   - server.address is a configured name, not the Host header, and client.address is what
//     [ClientKey] goes by, not the left end of X-Forwarded-For.
//
// # When not to use it
//
// A retry around a handler: it cannot run twice. A limit on how long a handler takes: use
// http.TimeoutHandler, or a timeout policy with a handler that heeds its context.
package flowhttp
