package flowgrpc

import (
	"context"
	"errors"
	"io"

	"github.com/goflow-go/goflow/streams"
)

// Receive gives the messages of a gRPC stream as a streams.Stream: of a client-streaming or
// bidirectional call in its handler, of a server-streaming or bidirectional call in its client. The
// stream's end ends it well, and its error is the run's, with the status inside. A message is received
// when the steps have taken the one before it, so that a slow step stops the sender by gRPC's flow control.
//
// In a handler a run's context is best the gRPC stream's own: no goroutine is needed. In a client it is that
// of the call (the gRPC stream's own ends with the last message, read or not). Under any but the handler's
// own each message is received in a goroutine, so that the run can end with its context; a message that
// comes after that is the first of the next run. Do not receive from the gRPC stream otherwise. One run at a
// time may go on.
func Receive[T any](stream interface{ Recv() (T, error) }) streams.Stream[T] {
	pending := make(chan awaited[T], 1) // a message whose run did not wait for it
	waiting := false                    // whether one will come there
	return streams.Pull(func(ctx context.Context) (item T, ok bool, err error) {
		if !waiting && endsWith(ctx, stream) {
			return received(stream.Recv())
		}
		if !waiting {
			waiting = true
			go func() { // labels: inherited from who runs the stream
				item, err := stream.Recv()
				pending <- awaited[T]{item, err}
			}()
		}
		select {
		case got := <-pending:
			waiting = false
			return received(got.item, got.err)
		case <-ctx.Done():
			return item, false, context.Cause(ctx)
		}
	})
}

// awaited is what Recv returned.
type awaited[T any] struct {
	item T
	err  error
}

// received says the same as streams.Generate wants it.
func received[T any](item T, err error) (T, bool, error) {
	if errors.Is(err, io.EOF) {
		return item, false, nil
	}
	return item, err == nil, err
}

// endsWith reports whether a call on the stream returns when ctx ends: in a handler, when ctx is the
// stream's.
func endsWith(ctx context.Context, stream any) bool {
	if ctx.Done() == nil {
		return true
	}
	if _, client := stream.(interface{ CloseSend() error }); client {
		return false // to ask for its context would end gRPC's own retries
	}
	s, ok := stream.(interface{ Context() context.Context })
	return ok && ctx.Done() == s.Context().Done()
}

// Send runs s and sends its items as the messages of a gRPC stream, one after the other. It blocks while
// flow control has no room, which stops the steps of s; it returns nil, the error of s, why ctx ended,
// or the error of sending. A client is told io.EOF when the server has ended the call; Recv or
// CloseAndRecv then say why. It does not close the stream.
//
// The context is as with [Receive]. Under any but a handler's own each message is sent in a goroutine, which
// may outlast Send when ctx ends; the gRPC stream is then good for nothing any more but to be ended.
func Send[T any](ctx context.Context, s streams.Stream[T], stream interface{ Send(item T) error }) error {
	send := stream.Send
	if !endsWith(ctx, stream) {
		send = func(item T) error {
			sent := make(chan error, 1)
			go func() { sent <- stream.Send(item) }() // labels: inherited from who runs the stream
			select {
			case err := <-sent:
				return err
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
	for item, err := range s.Seq(ctx) {
		if err == nil {
			err = send(item)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
