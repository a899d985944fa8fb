// Composeverify runs the demo of docker-compose.yml as it is, breaks each of its containers in turn, and writes what
// it saw into docs/reliability.md. Run it through `make compose-verify`; it needs a container engine on this machine,
// docker-compose, and root.
//
// Where there is no engine it starts one in a folder of its own, which leaves the machine's network alone. Where an
// image cannot be pulled it makes one under the same name from what the machine has, and says so: that shows how the
// containers are wired, guarded and brought back, and nothing of the image that is missing. JAEGER may name a Jaeger that
// someone has built, which takes minutes: a copy of the module github.com/jaegertracing/jaeger, and in it
// go build -mod=mod ./cmd/jaeger.
//
// It fails when a container is not healthy again in time, when a record was lost or doubled beyond the bound, and when
// a container may do more than it should.
package main
