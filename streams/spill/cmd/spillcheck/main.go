// Command spillcheck shows what the directory of a spill queue holds, and whether it is damaged.
//
//	go run github.com/goflow-go/goflow/streams/spill/cmd/spillcheck [-repair] DIR
//
// With -repair it rewrites damaged segments, keeping the damaged ones beside them. It exits with 1
// when there was damage, with 2 when it could not look.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/goflow-go/goflow/streams/spill"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("spillcheck", flag.ContinueOnError)
	flags.SetOutput(errs)
	fix := flags.Bool("repair", false, "rewrite damaged segments; no queue may be open there")
	if flags.Parse(args) != nil {
		return 2
	}
	if flags.NArg() != 1 {
		fmt.Fprintln(errs, "usage: spillcheck [-repair] DIR")
		return 2
	}
	look := spill.Verify
	if *fix {
		look = spill.Repair
	}
	report, err := look(flags.Arg(0))
	show(out, report)
	switch {
	case err != nil:
		fmt.Fprintln(errs, "spillcheck:", err)
		return 2
	case report.Damaged():
		return 1
	}
	return 0
}

// show writes a line for each segment, and one for the whole.
func show(out io.Writer, r spill.Report) {
	for _, s := range r.Segments {
		fmt.Fprintf(out, "%s: %d bytes, %d records (%d to %d)", s.Name, s.Bytes, s.Records, s.First, s.Last)
		if s.Damaged > 0 {
			fmt.Fprintf(out, ", DAMAGED: %d bytes, %d records lost", s.Damaged, s.Lost)
		}
		fmt.Fprintln(out)
	}
	cursor := fmt.Sprint(r.Cursor)
	if r.CursorDamaged {
		cursor = "DAMAGED"
	}
	fmt.Fprintf(out, "%d segments, %d records to come, %d acknowledged, %d lost, cursor %s\n",
		len(r.Segments), r.Records, r.Acked, r.Lost, cursor)
}
