package console

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"time"

	"github.com/goflow-go/goflow/contrib/flowadmin"
	"github.com/goflow-go/goflow/core"
)

const (
	maxBody    = 64 << 10
	actionTime = 10 * time.Second
)

// actionRequest is the body of a request for an action.
type actionRequest struct {
	Kind   string            `json:"kind"`
	Name   string            `json:"name"`
	Action string            `json:"action"`
	Args   map[string]string `json:"args"`
}

// actionResult is the answer when it was done.
type actionResult struct {
	Result string `json:"result"`
}

// serveAction does an action, for who has the token.
func (c *Console) serveAction(w http.ResponseWriter, r *http.Request) {
	if !c.admits(w, r) {
		return
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		fail(w, http.StatusUnsupportedMediaType, "the body must be application/json")
		return
	}
	var wanted actionRequest
	if err := decode(http.MaxBytesReader(w, r.Body, maxBody), &wanted); err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	engine, ok := c.engines.Find(wanted.Kind, wanted.Name)
	i := slices.IndexFunc(engine.Actions, func(a flowadmin.Action) bool { return a.Name == wanted.Action })
	if !ok || i < 0 {
		fail(w, http.StatusNotFound, "there is no such engine, or it has no such action")
		return
	}
	if err := checkArgs(engine.Actions[i], wanted.Args); err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return
	}
	result, err := c.act(r, engine.Actions[i], wanted)
	if err != nil {
		fail(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	respond(w, http.StatusOK, actionResult{result})
}

// decode reads one JSON value and nothing after it.
func decode(body io.Reader, v any) error {
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("the body is not as it must be: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("the body must be one JSON value")
	}
	return nil
}

// checkArgs wants a value for each parameter, and no others.
func checkArgs(a flowadmin.Action, args map[string]string) error {
	for _, p := range a.Params {
		if _, ok := args[p.Name]; !ok {
			return fmt.Errorf("args must have %q", p.Name)
		}
	}
	for name := range args {
		if !slices.ContainsFunc(a.Params, func(p flowadmin.Param) bool { return p.Name == name }) {
			return fmt.Errorf("args must not have %q", name)
		}
	}
	return nil
}

// act does an action and tells of it. It goes on when the client goes: half an action is worse.
func (c *Console) act(r *http.Request, a flowadmin.Action, wanted actionRequest) (result string, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), actionTime)
	defer cancel()
	err = core.Try(ctx, func(ctx context.Context) error {
		result, err = a.Do(ctx, wanted.Args)
		return err
	})
	c.inst.acted(r, wanted, result, err)
	return result, err
}
