// SPDX-License-Identifier: MIT

package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"oracle/trace"
)

var mmuWindows = []time.Duration{
	time.Microsecond, 10 * time.Microsecond, 100 * time.Microsecond, time.Millisecond,
	10 * time.Millisecond, 100 * time.Millisecond, time.Second,
}

// mmu prints a line for each set of UtilFlags: the flags, the minimum mutator utilisation at seven windows, what 0.1
// and 5 % of the windows of 1 ms do not exceed, and the minimum at a window that sticks out. Flags on which Go's packages
// fail have no line.
func mmu(path string) error {
	var events []trace.Event
	if err := each(path, func(ev *trace.Event) { events = append(events, *ev) }); err != nil {
		return err
	}
	for flags := trace.UtilFlags(0); flags < 2*trace.UtilPerProc; flags++ {
		if line, ok := mmuLine(events, flags); ok {
			fmt.Println(line)
		} else {
			fmt.Fprintln(os.Stderr, "flags", flags, "fail")
		}
	}
	return nil
}

func mmuLine(events []trace.Event, flags trace.UtilFlags) (line string, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	line = strconv.Itoa(int(flags))
	series := trace.MutatorUtilizationV2(events, flags)
	c := trace.NewMMUCurve(series)
	for _, w := range mmuWindows {
		line += fmt.Sprintf("\t%.12g", c.MMU(w))
	}
	for _, u := range c.MUD(time.Millisecond, []float64{0.001, 0.05}) {
		line += fmt.Sprintf("\t%.12g", u)
	}
	return line + fmt.Sprintf("\t%.12g", c.MMU(stickingOut(series))), true
}

// stickingOut is 1 ns less than four of the bands into which Go divides a series: the last of which a window begins in
// then begins too late for it. Of several series it is 1 ms.
func stickingOut(series [][]trace.MutatorUtil) time.Duration {
	if len(series) != 1 {
		return time.Millisecond
	}
	u := series[0]
	bands := int64(min(1000, len(u)))
	band := (u[len(u)-1].Time - u[0].Time + bands - 1) / bands
	return time.Duration(4*max(band, 1) - 1)
}
