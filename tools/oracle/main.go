// SPDX-License-Identifier: MIT

// Command oracle says what Go's own packages find in a trace, in the words of `kymo stat --json` and
// `kymo goroutines --json`, so that the two can be compared byte for byte. tools/oracle/build compiles it against a
// copy of internal/trace of the installed Go.
//
//	oracle stat FILE
//	oracle goroutines FILE
//	oracle tasks FILE       see annotations.go
//	oracle regions FILE
//	oracle mmu FILE         see mmu.go
//	oracle verdict FILE     "ok", or the error that Go's reader ends with; the events are read and dropped
//	oracle text FILE        the trace in a .test file, as bytes
//	oracle fuzz FILE        the input in a file of Go's fuzz corpus, as bytes
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"sort"
	"strconv"
	"strings"

	"oracle/trace"
	"oracle/trace/raw"
)

func main() {
	log.SetFlags(0)
	verbs := map[string]func(string) error{
		"stat": stat, "goroutines": goroutines, "verdict": verdict, "text": text, "fuzz": fuzz,
		"tasks": tasks, "regions": regions, "mmu": mmu,
	}
	if len(os.Args) != 3 || verbs[os.Args[1]] == nil {
		log.Fatal("usage: oracle stat|goroutines|tasks|regions|mmu|verdict|text|fuzz FILE")
	}
	if err := verbs[os.Args[1]](os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func each(path string, f func(*trace.Event)) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	r, err := trace.NewReader(bufio.NewReaderSize(file, 1<<20))
	if err != nil {
		return err
	}
	for {
		ev, err := r.ReadEvent()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		f(&ev)
	}
}

func verdict(path string) error {
	if err := each(path, func(*trace.Event) {}); err != nil {
		fmt.Println(err)
	} else {
		fmt.Println("ok")
	}
	return nil
}

// pair and object make JSON objects whose keys keep their order.
type pair struct {
	key   string
	value any
}
type object []pair

func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, p := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		k, err := compact(p.key)
		if err != nil {
			return nil, err
		}
		v, err := compact(p.value)
		if err != nil {
			return nil, err
		}
		b.Write(k)
		b.WriteByte(':')
		b.Write(v)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

func show(v any) error {
	b, err := compact(v)
	if err == nil {
		_, err = fmt.Printf("%s\n", b)
	}
	return err
}

// byName drops zeros: that a sum is there without being anything is an accident of the summarizer.
func byName(m map[string]int64) object {
	o := object{}
	for k, v := range m {
		if v != 0 {
			o = append(o, pair{k, v})
		}
	}
	sort.Slice(o, func(i, j int) bool { return o[i].key < o[j].key })
	return o
}

type group struct {
	name           string
	count          int
	times          [5]int64 // total, execution, sched wait, syscall, syscall block
	block, inRange map[string]int64
}

func goroutines(path string) error {
	s := trace.NewSummarizer()
	if err := each(path, s.Event); err != nil {
		return err
	}
	groups := map[string]*group{}
	for _, g := range s.Finalize().Goroutines {
		x := groups[g.Name]
		if x == nil {
			x = &group{name: g.Name, block: map[string]int64{}, inRange: map[string]int64{}}
			groups[g.Name] = x
		}
		x.count++
		for i, d := range []int64{int64(g.TotalTime), int64(g.ExecTime), int64(g.SchedWaitTime),
			int64(g.SyscallTime), int64(g.SyscallBlockTime)} {
			x.times[i] += d
		}
		for k, d := range g.BlockTimeByReason {
			x.block[k] += int64(d)
		}
		for k, d := range g.RangeTime {
			x.inRange[k] += int64(d)
		}
	}
	rows := []*group{}
	for _, g := range groups {
		rows = append(rows, g)
	}
	sort.Slice(rows, func(i, j int) bool {
		if a, b := rows[i].times[1], rows[j].times[1]; a != b {
			return a > b
		}
		return rows[i].name < rows[j].name
	})
	out := []object{}
	for _, g := range rows {
		out = append(out, object{{"name", g.name}, {"count", g.count}, {"total_ns", g.times[0]},
			{"execution_ns", g.times[1]}, {"sched_wait_ns", g.times[2]}, {"syscall_ns", g.times[3]},
			{"syscall_block_ns", g.times[4]}, {"block_ns", byName(g.block)}, {"range_ns", byName(g.inRange)}})
	}
	return show(out)
}

type counter struct {
	events             int
	first, last        trace.Time
	kinds              map[trace.EventKind]int
	gs, ps, ms         map[int64]bool
	gomaxprocs         uint64
	marking            bool
	gcCycles, stwCount int
	stwTotal           int64
	stwBegin           map[string]trace.Time
}

func (c *counter) add(ev *trace.Event) {
	if c.events == 0 {
		c.first = ev.Time()
	}
	c.events++
	c.last = ev.Time()
	c.kinds[ev.Kind()]++
	if g := ev.Goroutine(); g != trace.NoGoroutine {
		c.gs[int64(g)] = true
	}
	if p := ev.Proc(); p != trace.NoProc {
		c.ps[int64(p)] = true
	}
	if m := ev.Thread(); m != trace.NoThread {
		c.ms[int64(m)] = true
	}
	switch ev.Kind() {
	case trace.EventMetric:
		if m := ev.Metric(); m.Name == "/sched/gomaxprocs:threads" {
			c.gomaxprocs = m.Value.Uint64()
		}
	case trace.EventStateTransition:
		switch r := ev.StateTransition().Resource; r.Kind {
		case trace.ResourceGoroutine:
			c.gs[int64(r.Goroutine())] = true
		case trace.ResourceProc:
			c.ps[int64(r.Proc())] = true
		}
	case trace.EventRangeBegin, trace.EventRangeActive, trace.EventRangeEnd:
		c.addRange(ev)
	}
}

func (c *counter) addRange(ev *trace.Event) {
	r := ev.Range()
	who := r.Name + r.Scope.String()
	switch {
	case strings.Contains(r.Name, "mark phase"):
		if ev.Kind() == trace.EventRangeEnd {
			c.marking = false
		} else if !c.marking {
			c.marking = true
			c.gcCycles++
		}
	case !strings.HasPrefix(r.Name, "stop-the-world"):
	case ev.Kind() == trace.EventRangeBegin:
		c.stwCount++
		c.stwBegin[who] = ev.Time()
	case ev.Kind() == trace.EventRangeEnd:
		c.stwTotal += int64(ev.Time() - c.stwBegin[who])
		delete(c.stwBegin, who)
	}
}

// tables counts what only the raw records tell.
type tables struct {
	version                      int
	generations, strings, stacks map[string]bool
}

// frameBytes is a stack record's content: its strings' text instead of their numbers, which are a generation's own.
func frameBytes(args []uint64, text map[string]string, gen uint64) string {
	var b strings.Builder
	for i := 2; i+3 < len(args); i += 4 {
		fmt.Fprintf(&b, "%d %q %q %d\n", args[i], text[fmt.Sprint(gen, " ", args[i+1])],
			text[fmt.Sprint(gen, " ", args[i+2])], args[i+3])
	}
	return b.String()
}

func readTables(path string) (*tables, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r, err := raw.NewReader(file)
	if err != nil {
		return nil, err
	}
	t := &tables{int(r.Version()), map[string]bool{}, map[string]bool{}, map[string]bool{}}
	type stack struct {
		gen  uint64
		args []uint64
	}
	var stacks []stack
	var gen uint64
	text := map[string]string{}
	for {
		ev, err := r.ReadEvent()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		switch r.Version().Specs()[ev.Ev].Name {
		case "EventBatch":
			gen = ev.Args[0]
			t.generations[fmt.Sprint(gen)] = true
		case "String":
			text[fmt.Sprint(gen, " ", ev.Args[0])] = string(ev.Data)
			if len(ev.Data) > 0 {
				t.strings[string(ev.Data)] = true
			}
		case "Stack":
			stacks = append(stacks, stack{gen, ev.Args})
		}
	}
	for _, s := range stacks {
		t.stacks[frameBytes(s.args, text, s.gen)] = true
	}
	return t, nil
}

func stat(path string) error {
	c := counter{kinds: map[trace.EventKind]int{}, gs: map[int64]bool{}, ps: map[int64]bool{}, ms: map[int64]bool{},
		stwBegin: map[string]trace.Time{}}
	if err := each(path, c.add); err != nil {
		return err
	}
	t, err := readTables(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	kinds := object{}
	for k := trace.EventSync; k <= trace.EventExperimental; k++ {
		if n := c.kinds[k]; n > 0 {
			kinds = append(kinds, pair{k.String(), n})
		}
	}
	for _, begun := range c.stwBegin {
		c.stwTotal += int64(c.last - begun)
	}
	return show(object{{"format", fmt.Sprintf("go 1.%d", t.version)}, {"bytes", info.Size()},
		{"generations", len(t.generations)}, {"start_ns", int64(c.first)}, {"end_ns", int64(c.last)},
		{"duration_ns", int64(c.last - c.first)}, {"events", c.events}, {"kinds", kinds},
		{"goroutines", len(c.gs)}, {"procs", len(c.ps)}, {"threads", len(c.ms)}, {"gomaxprocs", c.gomaxprocs},
		{"gc_cycles", c.gcCycles}, {"stw_count", c.stwCount}, {"stw_total_ns", c.stwTotal},
		{"tasks", c.kinds[trace.EventTaskBegin]}, {"regions", c.kinds[trace.EventRegionBegin]},
		{"logs", c.kinds[trace.EventLog]}, {"cpu_samples", c.kinds[trace.EventStackSample]},
		{"stacks", len(t.stacks)}, {"strings", len(t.strings)}, {"damage", []int{}}})
}

func text(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	_, body, found := strings.Cut(string(b), "-- trace --\n")
	if !found {
		return fmt.Errorf("%s has no section trace", path)
	}
	r, err := raw.NewTextReader(strings.NewReader(body))
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	w, err := raw.NewWriter(out, r.Version())
	for err == nil {
		var ev raw.Event
		if ev, err = r.ReadEvent(); err == nil {
			err = w.WriteEvent(ev)
		}
	}
	if err != io.EOF {
		return err
	}
	return out.Flush()
}

func fuzz(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	_, line, _ := strings.Cut(string(b), "\n")
	line = strings.TrimSpace(line)
	s, err := strconv.Unquote(strings.TrimSuffix(strings.TrimPrefix(line, "[]byte("), ")"))
	if err != nil {
		return err
	}
	_, err = os.Stdout.WriteString(s)
	return err
}
