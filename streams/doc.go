// Package streams moves items from a source through steps to an end, as fast as those below can take
// them.
//
//	valid := streams.FromChannel(in).Named("orders").Filter(ok).Parallel(10)
//	rows := streams.Batch(streams.Map(valid, enrich), 1000, time.Second)
//	err := rows.ForEach(ctx, store)
//
// # Words
//
//   - Stream: a source and the steps its items go through. It is a value, and runs when a terminal
//     operation is called.
//   - Step: what is done to items. One to the same type is a method, so that they chain; one to
//     another type is a function that takes the stream first.
//   - Setting: what is said about the next step that takes it, such as [Stream.Parallel]. It goes
//     through steps to the same type. One that no step takes is an error.
//   - Terminal operation: runs the stream and blocks until the end: [Stream.ForEach],
//     [Stream.Collect], [Reduce].
//   - Above, below: nearer to the source, nearer to the end.
//   - Chunk: items that move together, at most 1024. No function of a user sees one.
//   - Read ahead: to take items from above before those below have asked for them.
//
// # What to use
//
// [Map] and [FlatMap] run functions that may fail, in parallel if told to; [Stream.Filter] and its like
// those that cannot. [Batch] gathers by number and time, [BatchBy] by bytes too. [Windows] and
// [Sessions] fold by the time at which items happened.
//
// Where those below are slower, [Stream.Buffer] says what gives: it waits, drops or fails, and
// [Stream.Spill] puts what is too much into a queue on disk. [Conflate] folds it into one, and
// [Stream.Debounce] and [Stream.Sample] keep the newest. [Stream.Throttle] holds to a rate.
//
// [Merge] and [Zip] make one stream of several. [Broadcast], [Partition] and [GroupBy] run one stream
// into several, and are terminal operations; [Stream.Tee] shows it to another on the way.
//
// # Chunks
//
// Steps that share a goroutine cost one call of the user's function an item, and nothing else that
// counts. Chunks change nothing but speed: a source that waits for items hands on what it has and
// never waits to fill a chunk, and the same items come out whatever the chunks.
//
// # When it ends
//
// The first error of a step ends the run as a [*StageError] with the step's name, after the items
// before it were handed on; see [Stream.SkipErrors], [Stream.DeadLetter] and [Stream.WithPolicies] for
// other ways. A panic is an error with its stack. The end of the context ends the run with its cause;
// it is looked at once per chunk, and where the run waits. A step may also end it early, as
// [Stream.Take] does.
//
// However a run ends, when the terminal operation returns nothing of it goes on, and its source was
// closed once. It waits for user functions that run, so they should return soon after their context
// ends.
//
// # Order and memory
//
// Order is kept, but by [Stream.Unordered] and between the keys of [ParallelBy]. The function of a
// terminal operation, and those of the steps just above it, run in the caller's goroutine. Steps that
// run others read ahead, by a bound that each of them names: a run that stops early has taken that
// many items from a channel that nobody saw. Other steps read no more than is asked for. Every step
// that holds items has a bound, and says what happens at it.
//
// # Telemetry
//
// A stream that was [Stream.Named] counts what becomes of items at each step, once per chunk, and how
// full buffers are and how long they made those above wait; under a recording parent, each run is a
// span, "run orders". One without a name emits nothing.
//
// # When not to use it
//
// A loop over a slice is clearer where nothing waits, fails or runs in parallel. Nothing here outlives
// a process but what [Stream.Spill] put into its queue.
package streams
