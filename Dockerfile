# The gateway as an image of its own: one static binary on nothing at all, and beside it the program that makes load.
#
#	docker build -t gateway .
#	docker build --build-arg BASE_IMAGE=gcr.io/distroless/static:nonroot -t gateway .
ARG BUILDER=golang:1.26
ARG BASE_IMAGE=scratch
ARG COLLECTOR_IMAGE=otel/opentelemetry-collector-contrib:0.155.0

FROM ${BUILDER} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN mkdir -p /out/state && CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /out/ ./examples/gateway ./examples/gateway/cmd/load

# The collector's own image has no shell and nothing that makes a request, so the gateway checks its health.
FROM ${COLLECTOR_IMAGE} AS collector
COPY --from=build /out/gateway /gateway

FROM ${BASE_IMAGE} AS gateway
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/gateway /out/load /
# A volume that is mounted here is, when new, as this folder is.
COPY --from=build --chown=65532:65532 /out/state /var/lib/gateway
USER 65532:65532
ENV GATEWAY_USAGE=/var/lib/gateway
ENTRYPOINT ["/gateway"]
