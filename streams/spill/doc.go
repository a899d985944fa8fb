// Package spill is a queue on disk: it takes what memory has no room for, is bounded, and survives
// crashes.
//
//	q, err := spill.Open("uploads", spill.Config{Dir: "/var/lib/app/uploads"})
//	...
//	err = q.Push(ctx, rec)          // by default it is with the kernel now, and on disk within a second
//	...
//	rec, err := q.Pop(ctx)          // waits for one
//	upload(rec.Data)
//	err = q.Ack(ctx, rec.Seq)       // this one and all before it will not come again
//
// # Words
//
//   - Record: bytes, with the number it was pushed under and when.
//   - Segment: a file of records. Segments are freed whole, once all their records are acknowledged.
//   - Cursor: up to where records are acknowledged.
//
// # What it promises
//
//   - Order: records come in the order of their numbers, which is the order they were pushed in.
//   - At least once: what was popped and not acknowledged comes again after the queue is opened anew.
//     So do records acknowledged up to [Config.SyncEvery] before a crash; [Queue.Commit] and
//     [Queue.Close] leave none.
//   - No record is altered: the header and the payload of each have a CRC32C of their own. What is
//     damaged is passed over, counted and told of; a damaged record costs that one record, and no
//     damage keeps a queue from being opened. Blocks that the disk cannot read are damage, once two
//     calls of Pop have failed for them. Of damaged segments the last is kept, its name ending in
//     ".corrupt"; those that could not be read are all kept, and not counted.
//   - With [SyncAlways], no record that Push accepted is lost by a crash of the machine; with
//     [SyncInterval], none by a crash of the process, and those of the last SyncEvery by one of the
//     machine; with [SyncNever], those of the last SyncEvery by one of the process.
//   - Bounded: segments hold at most [Config.MaxBytes] and leave [Config.MinFree] of the disk to others;
//     [Overflow] says what happens at these bounds. In memory there are two buffers of 128 KiB to write and one of 256 KiB to read, larger only
//     for larger records, and what callers of Push wait with.
//   - A full disk is an error of the Push that met it, and no more: a half-written record is taken
//     back, and the queue goes on when there is space.
//   - After a failed fsync nothing is taken for stored: its segment is closed for good and the next
//     record begins a new one. Records that SyncInterval had accepted before are read back, and a synced
//     copy of their segment takes its place; until it has, which is tried at once and then each
//     SyncEvery, pushes fail. So what a crash of the machine can lose stays what one interval brought.
//   - One process to a directory: others get [ErrLocked].
//
// Files are scanned when a queue is opened; nothing else is believed, the cursor's file only when its
// checksum is right. [Verify] and [Repair] do the same for a person to see, and so does the command
// streams/spill/cmd/spillcheck.
//
// # What it emits
//
// Metrics goflow.spill.*, spans "push NAME" and "pop NAME" below a recording parent, and events when
// damage is found and when the disk begins or ceases to fail.
//
// # When not to use it
//
// Between processes, or for more than one kind of consumer: that is a broker. Acknowledgement is a
// cursor, so who pops from several goroutines acknowledges in order. Locks need a unix.
package spill
