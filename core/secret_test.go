package core_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/goflow-go/goflow/core"
)

func TestASecretIsNeverShown(t *testing.T) {
	t.Parallel()
	const text = "hunter2"
	s := core.Secret(text)
	cfg := struct{ Token core.Secret }{s}
	dumped, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{fmt.Sprintf("%v %s %q %x %d %#v %+v", s, s, s, s, s, s, cfg), string(dumped), fmt.Sprint(cfg)} {
		if strings.Contains(shown, text) || !strings.Contains(shown, "[redacted]") {
			t.Errorf("shows %s", shown)
		}
	}
	if got := core.Secret("").String(); got != "" {
		t.Errorf("no secret reads %q", got)
	}
	if err := json.Unmarshal([]byte(`{"Token":"x"}`), &cfg); err != nil || string(cfg.Token) != "x" {
		t.Errorf("read %q, %v", string(cfg.Token), err)
	}
}
