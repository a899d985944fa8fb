package otelsdk

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// newResource says who the application is: defaults, over them the environment, over that the
// config. What a detector cannot make sense of is reported to OpenTelemetry's error handler.
func newResource(ctx context.Context, cfg Config) *resource.Resource {
	attrs := []attribute.KeyValue{
		semconv.ServiceName(executable()),
		semconv.ServiceInstanceID(newUUID()),
	}
	if v := mainVersion(); v != "" {
		attrs = append(attrs, semconv.ServiceVersion(v))
	}
	detected, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		otel.Handle(fmt.Errorf("otelsdk: resource: %w", err))
	}
	attrs = append(attrs, detected.Attributes()...)
	for key, value := range cfg.Attributes {
		attrs = append(attrs, attribute.String(key, value))
	}
	for key, value := range map[attribute.Key]string{
		semconv.ServiceNameKey:       cfg.ServiceName,
		semconv.ServiceVersionKey:    cfg.ServiceVersion,
		semconv.ServiceInstanceIDKey: cfg.ServiceInstanceID,
	} {
		if value != "" {
			attrs = append(attrs, key.String(value))
		}
	}
	return resource.NewSchemaless(attrs...) // the last of equal keys wins
}

func executable() string {
	path, err := os.Executable()
	if err != nil {
		return "unknown_service"
	}
	return strings.TrimSuffix(filepath.Base(path), ".exe")
}

// mainVersion is the version the program was built at, unless it was built from a working tree.
func mainVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "(devel)" {
		return ""
	}
	return info.Main.Version
}

// newUUID makes a random UUID (RFC 9562, version 4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])
}
