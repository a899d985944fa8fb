module github.com/goflow-go/goflow

go 1.26.0

require (
	github.com/coder/websocket v1.8.15 // tests: a WebSocket through flowhttp and a reverse proxy
	github.com/prometheus/client_golang v1.25.0 // the OpenMetrics exposition of otelsdk
	github.com/redis/go-redis/extra/redisotel/v9 v9.23.0 // spans and metrics of the Redis client, in fxmodule/redisfx
	github.com/redis/go-redis/v9 v9.23.0 // the Redis client of contrib/flowredis: single, Sentinel and Cluster, and commands that are not retried
	go.opentelemetry.io/contrib/bridges/otelslog v0.21.0 // slog records as OpenTelemetry log records
	go.opentelemetry.io/contrib/exporters/autoexport v0.72.0 // exporters from OTEL_* variables, as every other service reads them
	go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc v0.72.0 // gRPC spans and metrics by the conventions' own library
	go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp v0.72.0 // HTTP spans and metrics by the conventions' own library
	go.opentelemetry.io/contrib/instrumentation/runtime v0.72.0 // Go runtime metrics
	go.opentelemetry.io/contrib/propagators/autoprop v0.72.0 // propagators from OTEL_PROPAGATORS
	go.opentelemetry.io/otel v1.47.0 // all that engines link: the API
	go.opentelemetry.io/otel/exporters/prometheus v0.69.0 // OpenTelemetry metrics for Prometheus
	go.opentelemetry.io/otel/log v1.47.0 // events
	go.opentelemetry.io/otel/metric v1.47.0 // metrics
	go.opentelemetry.io/otel/sdk v1.47.0 // otelsdk and telemetrytest only
	go.opentelemetry.io/otel/sdk/log v1.47.0 // otelsdk and telemetrytest only
	go.opentelemetry.io/otel/sdk/metric v1.47.0 // otelsdk and telemetrytest only
	go.opentelemetry.io/otel/trace v1.47.0 // spans
	go.opentelemetry.io/proto/otlp v1.11.1 // tests: a collector that decodes what was exported
	go.uber.org/dig v1.19.0 // the gateway tells the root cause of a failed boot
	go.uber.org/fx v1.24.0 // fxmodule
	go.uber.org/goleak v1.3.0 // tests: no goroutine outlives its engine
	google.golang.org/genproto/googleapis/rpc v0.0.0-20260928230214-8a89bd6388cc // RetryInfo and QuotaFailure, in contrib/flowgrpc
	google.golang.org/grpc v1.85.0 // contrib/flowgrpc and fxmodule/grpcfx
	google.golang.org/protobuf v1.36.12 // contrib/flowgrpc: the types of gRPC's messages; tests: what was exported
	pgregory.net/rapid v1.3.0 // tests: properties and models
)

require (
	github.com/beorn7/perks v1.0.1 // indirect
	github.com/cenkalti/backoff/v5 v5.0.3 // indirect
	github.com/cespare/xxhash/v2 v2.3.0 // indirect
	github.com/felixge/httpsnoop v1.1.0 // indirect
	github.com/go-logr/logr v1.4.4 // indirect
	github.com/go-logr/stdr v1.2.2 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/grpc-ecosystem/grpc-gateway/v2 v2.31.0 // indirect
	github.com/munnerz/goautoneg v0.0.0-20191010083416-a7dc8b61c822 // indirect
	github.com/prometheus/client_model v0.6.3 // indirect
	github.com/prometheus/common v0.72.0 // indirect
	github.com/prometheus/otlptranslator v1.0.0 // indirect
	github.com/prometheus/procfs v0.22.0 // indirect
	github.com/redis/go-redis/extra/rediscmd/v9 v9.23.0 // indirect
	go.opentelemetry.io/auto/sdk v1.2.1 // indirect
	go.opentelemetry.io/contrib/bridges/prometheus v0.72.0 // indirect
	go.opentelemetry.io/contrib/propagators/aws v1.47.0 // indirect
	go.opentelemetry.io/contrib/propagators/b3 v1.47.0 // indirect
	go.opentelemetry.io/contrib/propagators/jaeger v1.47.0 // indirect
	go.opentelemetry.io/contrib/propagators/ot v1.47.0 // indirect
	go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploggrpc v0.23.0 // indirect
	go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp v0.23.0 // indirect
	go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc v1.47.0 // indirect
	go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp v1.47.0 // indirect
	go.opentelemetry.io/otel/exporters/otlp/otlptrace v1.47.0 // indirect
	go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc v1.47.0 // indirect
	go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp v1.47.0 // indirect
	go.opentelemetry.io/otel/exporters/stdout/stdoutlog v0.23.0 // indirect
	go.opentelemetry.io/otel/exporters/stdout/stdoutmetric v1.47.0 // indirect
	go.opentelemetry.io/otel/exporters/stdout/stdouttrace v1.47.0 // indirect
	go.uber.org/atomic v1.12.0 // indirect
	go.uber.org/multierr v1.11.0 // indirect
	go.uber.org/zap v1.26.0 // indirect
	golang.org/x/net v0.60.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
	golang.org/x/text v0.42.0 // indirect
	google.golang.org/genproto/googleapis/api v0.0.0-20260928230214-8a89bd6388cc // indirect
)
