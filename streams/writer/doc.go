// Package writer makes any io.Writer asynchronous and buffered, and loses nothing silently.
//
//	w, err := writer.New("access-log", file, writer.Config{FlushInterval: time.Second})
//	...
//	logger := slog.New(slog.NewJSONHandler(w, nil))
//	...
//	err = w.Close() // a *LostError when not all was written, with exact counts
//
// # Words
//
//   - Sink: the io.Writer behind the writer. One goroutine writes to it, one buffer at a time.
//   - Accepted: Write returned no error. What was accepted is in the end written, dropped or lost.
//   - Dropped: it was accepted, and made room for newer writes ([DropOldest]), or no queue took it ([Spill]).
//   - Lost: it was accepted, and the sink did not take it: Config.MaxAttempts, the end of Stop, a broken sink.
//   - Rejected: Write returned an error, and kept nothing.
//
// # Promises
//
//   - Accepted = written + dropped + lost + what is still held, in writes and in bytes, at any moment. [Writer.Stats]
//     and the metrics show it, Flush and Close report it, [WithHook] is called for each loss.
//   - A write is kept whole: no other is ever inside it. Writes of one goroutine stay in order. Only a sink that
//     stops in the midst of one, and is then given up, leaves it torn; that write counts as lost.
//   - Nothing is handed to the sink twice, unless the sink says it did not take it.
//   - Write copies: the caller may use its slice again. It allocates nothing, and does not wait for the sink but
//     under [Block], when all buffers are full. Under [Spill] the write that fills a buffer waits for the queue.
//   - Memory: Buffers * BufferBytes, an eighth of that for the borders of writes, MaxWrite for writes that are
//     larger than a buffer, and one buffer more under [Spill].
//
// # A sink that fails
//
// A buffer that the sink does not take is kept and tried again, after RetryDelay, then twice that and so on; what
// the sink took is not given to it again. Meanwhile buffers fill, and Overflow decides about new writes. Under
// [Block], a Write that finds no room returns the sink's error rather than wait for a sink that fails. A policy for
// each write to the sink (retry, timeout, breaker) is given with [WithPolicy]. A sink that says it wrote a negative
// number of bytes or more than there were, that panics or ends its goroutine leaves open what it wrote: the
// rest of that buffer counts as lost and is not tried again.
//
// # The end
//
// [Writer.Stop] takes no more writes, gives the sink what is held, and returns when all is written or ctx ends.
// A sink that fails three times in a row meanwhile is given up. [Writer.Close] is Stop within CloseTimeout.
// The sink is not closed: who opened it closes it, afterwards. A sink that blocks for ever keeps its goroutine; when
// it returns after the writer was closed, no more is written.
//
// # Rotation
//
// A file that is rotated is an io.Writer, so rotation is left to a library: with
// &lumberjack.Logger{Filename: "access.log", MaxSize: 100} (gopkg.in/natefinch/lumberjack.v2) as the sink, whole
// buffers are written and files are cut between them, never inside of a write. Its MaxSize, in megabytes, must be
// larger than a buffer and MaxWrite.
//
// # Telemetry
//
// Writes and bytes by outcome, bytes held and room for them, how long the sink takes, and an event when it begins to
// fail and when it takes writes again. There are no spans: a write has no context. See docs/telemetry.md.
package writer
