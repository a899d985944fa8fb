package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// field is a message in a field of another.
func field(number protowire.Number, messages ...[]byte) (all []byte) {
	for _, m := range messages {
		all = protowire.AppendTag(all, number, protowire.BytesType)
		all = protowire.AppendBytes(all, m)
	}
	return all
}

// export is a call with so many spans, in two scopes, beside other fields.
func export(spans int) []byte {
	span := field(5, []byte("GET /hello"))
	scopes := field(2, field(1, []byte("scope")), bytes.Repeat(field(2, span), spans-1), field(2, span))
	return field(1, append(field(1, []byte("resource")), scopes...))
}

func TestSpansAreCounted(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(export(3)); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	for name, body := range map[string][]byte{
		"plain":      binary.BigEndian.AppendUint32([]byte{0}, uint32(len(export(3)))),
		"compressed": binary.BigEndian.AppendUint32([]byte{1}, uint32(packed.Len())),
	} {
		message := export(3)
		if body[0] == 1 {
			message = packed.Bytes()
		}
		if got, err := countCall(io.MultiReader(bytes.NewReader(body), bytes.NewReader(message))); err != nil || got != 3 {
			t.Errorf("%s: got %d spans, error %v, want 3", name, got, err)
		}
	}
	for name, body := range map[string][]byte{"nothing": nil, "half a head": {0, 0}, "no message": {0, 0, 0, 0, 1, 0x0a}, "no gzip": {1, 0, 0, 0, 1, 7}} {
		if got, err := countCall(bytes.NewReader(body)); err == nil {
			t.Errorf("%s: got %d spans, want an error", name, got)
		}
	}
}

func TestProvisioningIsRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fails := func(why string) {
		t.Helper()
		if n, err := readProvisioning(filepath.Join(dir, "provisioning")); err == nil {
			t.Errorf("%s: got %d files, want an error", why, n)
		}
	}
	fails("no folder")
	write("provisioning/dashboards/it.yaml", "providers: [{options: {path: "+filepath.Join(dir, "dashboards")+"}}]")
	fails("no dashboards")
	write("dashboards/it.json", `{"uid": "a"}`)
	fails("a dashboard without a title")
	write("dashboards/it.json", `{"uid": "a", "title": "A"}`)
	if n, err := readProvisioning(filepath.Join(dir, "provisioning")); err != nil || n != 2 {
		t.Errorf("got %d files, error %v, want 2", n, err)
	}
	write("provisioning/datasources/it.yaml", "a: [")
	fails("what is no YAML")
}
