// SPDX-License-Identifier: MIT

package main

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"sort"
	"strings"

	"oracle/trace"
)

// Tasks and regions as Go's summarizer relates and measures them, and as the pages /usertasks and /userregions group
// them: a line a task, a region, a group, its fields between tabs, sorted; texts as JSON, times since the first event,
// "-" for what is not there. tests/conformance/annotations makes the same lines of Kymo's JSON.

type annotated struct {
	*trace.Summary
	first, last trace.Time
	lines       []string
}

func annotate(path string) (*annotated, error) {
	s := trace.NewSummarizer()
	a := &annotated{}
	seen := false
	err := each(path, func(ev *trace.Event) {
		if !seen {
			a.first, seen = ev.Time(), true
		}
		a.last = ev.Time()
		s.Event(ev)
	})
	a.Summary = s.Finalize()
	return a, err
}

func (a *annotated) line(fields ...any) {
	for i, f := range fields {
		switch x := f.(type) {
		case string:
			b, _ := compact(x)
			fields[i] = string(b)
		case *trace.Event:
			fields[i] = "-"
			if x != nil {
				fields[i] = fmt.Sprint(int64(x.Time() - a.first))
			}
		}
	}
	text := make([]string, len(fields))
	for i, f := range fields {
		text[i] = fmt.Sprint(f)
	}
	a.lines = append(a.lines, strings.Join(text, "\t"))
}

func (a *annotated) print() error {
	sort.Strings(a.lines)
	w := bufio.NewWriter(os.Stdout)
	for _, l := range a.lines {
		fmt.Fprintln(w, l)
	}
	return w.Flush()
}

// interval is from the begin to the end, or to the trace's bounds.
func (a *annotated) interval(begin, end *trace.Event) int64 {
	from, to := a.first, a.last
	if begin != nil {
		from = begin.Time()
	}
	if end != nil {
		to = end.Time()
	}
	return int64(to - from)
}

// histogram counts durations as Go's pages do: five buckets a power of ten.
type histogram map[int64]int

func (h histogram) add(d int64) {
	div := math.Log(math.Pow(10, 1.0/5))
	k := 0
	if d > 0 {
		k = int(math.Log(float64(d)) / div)
	}
	if k == 1 {
		k = 0 // both begin at 1 ns
	}
	h[int64(k)]++
}

func (h histogram) String() string {
	var ks []int64
	for k := range h {
		ks = append(ks, k)
	}
	sort.Slice(ks, func(i, j int) bool { return ks[i] < ks[j] })
	var b strings.Builder
	for _, k := range ks {
		fmt.Fprintf(&b, "%d:%d ", k, h[k])
	}
	return strings.TrimSpace(b.String())
}

type typeCount struct {
	count, complete int
	durations       histogram
}

func tasks(path string) error {
	a, err := annotate(path)
	if err != nil {
		return err
	}
	types := map[string]*typeCount{}
	for id, t := range a.Tasks {
		parent := "-"
		if t.Parent != nil {
			parent = fmt.Sprint(uint64(t.Parent.ID))
		}
		d := a.interval(t.Start, t.End)
		a.line(plain("task"), uint64(id), t.Name, t.Complete(), t.Start, t.End, d, plain(parent), len(t.Children),
			len(t.Goroutines), len(t.Regions), len(t.Logs))
		x := types[t.Name]
		if x == nil {
			x = &typeCount{durations: histogram{}}
			types[t.Name] = x
		}
		x.count++
		if t.Complete() {
			x.complete++
			x.durations.add(d)
		}
	}
	for name, x := range types {
		a.line(plain("type"), name, x.count, x.complete, x.durations)
	}
	return a.print()
}

// plain is a text that stands as it is.
type plain string

func sums(m map[string]int64) plain {
	o := byName(m)
	b, _ := compact(o)
	return plain(b)
}

func regions(path string) error {
	a, err := annotate(path)
	if err != nil {
		return err
	}
	type group struct {
		name, function, file string
		line, pc             uint64
	}
	groups := map[group]*typeCount{}
	for id, g := range a.Goroutines {
		for _, r := range g.Regions {
			blocked, ranges := map[string]int64{}, map[string]int64{}
			for k, d := range r.BlockTimeByReason {
				blocked[k] += int64(d)
			}
			for k, d := range r.RangeTime {
				ranges[k] += int64(d)
			}
			d := a.interval(r.Start, r.End)
			a.line(plain("region"), int64(id), uint64(r.TaskID), r.Name, r.Start, d, int64(r.TotalTime), int64(r.ExecTime),
				int64(r.SchedWaitTime), int64(r.SyscallTime), int64(r.SyscallBlockTime), sums(blocked), sums(ranges),
				int64(r.UnknownTime()))
			x := group{name: r.Name}
			if r.Start != nil {
				for f := range r.Start.Stack().Frames() {
					x.function, x.file, x.line, x.pc = f.Func, f.File, f.Line, f.PC
				}
			}
			if groups[x] == nil {
				groups[x] = &typeCount{durations: histogram{}}
			}
			groups[x].count++
			groups[x].durations.add(d)
		}
	}
	for g, x := range groups {
		a.line(plain("group"), g.name, g.function, g.file, g.line, g.pc, x.count, x.durations)
	}
	return a.print()
}
