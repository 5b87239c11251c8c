// SPDX-License-Identifier: MIT

// Command gen-trace writes an execution trace of a program that does a bit of everything a server does, until the
// trace has the size asked for: requests over loopback connections, pipelines of channels, contended mutexes, a
// condition variable, garbage that keeps the collector busy, file system calls, tasks with regions and logs,
// coroutines, timers, and goroutines by the thousand that live for microseconds.
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"iter"
	"log"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"runtime/trace"
	"sync"
	"sync/atomic"
	"time"
)

// counting knows how much of the trace is written.
type counting struct {
	to io.Writer
	n  atomic.Int64
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n.Add(int64(n))
	return n, err
}

type part func(ctx context.Context, r *rand.Rand)

// until runs body again and again, a goroutine of its own each for n copies, until ctx ends.
func until(ctx context.Context, wg *sync.WaitGroup, n int, body part) {
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			r := rand.New(rand.NewPCG(uint64(i), 42))
			for ctx.Err() == nil {
				body(ctx, r)
			}
		}()
	}
}

// echo answers each line with its digest.
func echo(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			buf := make([]byte, 64)
			for {
				n, err := c.Read(buf)
				if err != nil {
					return
				}
				sum := sha256.Sum256(buf[:n])
				if _, err := c.Write(sum[:]); err != nil {
					return
				}
			}
		}()
	}
}

func request(addr string) part {
	return func(_ context.Context, r *rand.Rand) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			time.Sleep(time.Millisecond)
			return
		}
		defer c.Close()
		buf := make([]byte, sha256.Size)
		for range 1 + r.IntN(20) {
			fmt.Fprintf(c, "request %d\n", r.Uint64())
			if _, err := io.ReadFull(c, buf); err != nil {
				return
			}
		}
	}
}

// pipeline sends numbers through three stages.
func pipeline(_ context.Context, r *rand.Rand) {
	stage := func(in <-chan int, f func(int) int) <-chan int {
		out := make(chan int, r.IntN(4))
		go func() {
			defer close(out)
			for v := range in {
				out <- f(v)
			}
		}()
		return out
	}
	first := make(chan int)
	go func() {
		defer close(first)
		for i := range 200 {
			first <- i
		}
	}()
	sum := 0
	for v := range stage(stage(first, func(v int) int { return v * v }), func(v int) int { return v + 1 }) {
		sum += v
	}
	runtime.KeepAlive(sum)
}

// ledger is shared state behind a mutex, with a condition to wait for.
type ledger struct {
	sync.Mutex
	changed *sync.Cond
	values  map[int]int
}

func (l *ledger) update(_ context.Context, r *rand.Rand) {
	for range 50 {
		l.Lock()
		l.values[r.IntN(100)]++
		l.Unlock()
		if r.IntN(10) == 0 {
			l.changed.Broadcast()
		}
	}
	runtime.Gosched()
}

func (l *ledger) wait(ctx context.Context, _ *rand.Rand) {
	l.Lock()
	if ctx.Err() == nil {
		l.changed.Wait()
	}
	l.Unlock()
}

var kept [64][]byte

// garbage makes the collector work and goroutines assist it.
func garbage(_ context.Context, r *rand.Rand) {
	for range 200 {
		b := make([]byte, 1+r.IntN(64<<10))
		b[0] = 1
		if r.IntN(8) == 0 {
			kept[r.IntN(len(kept))] = b
		}
	}
}

// files makes system calls, some of which last.
func files(_ context.Context, r *rand.Rand) {
	f, err := os.CreateTemp("", "gen-trace")
	if err != nil {
		return
	}
	defer os.Remove(f.Name())
	defer f.Close()
	block := bytes.Repeat([]byte{byte(r.IntN(256))}, 4096)
	for range 16 {
		f.Write(block)
	}
	f.Sync()
}

// job is one task of a user's, with regions and a log.
func job(ctx context.Context, r *rand.Rand) {
	ctx, task := trace.NewTask(ctx, "job")
	defer task.End()
	trace.Logf(ctx, "input", "size %d", r.IntN(1000))
	trace.WithRegion(ctx, "parse", func() { spin(r.IntN(20000)) })
	var wg sync.WaitGroup
	for range 3 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			trace.WithRegion(ctx, "compute", func() { spin(20000) })
		}()
	}
	wg.Wait()
}

func spin(n int) {
	x := uint32(1)
	for range n {
		x = x*1664525 + 1013904223
	}
	runtime.KeepAlive(x)
}

// coroutines pulls values out of an iterator, a switch each.
func coroutines(_ context.Context, _ *rand.Rand) {
	next, stop := iter.Pull(func(yield func(int) bool) {
		for i := 0; yield(i); i++ {
		}
	})
	defer stop()
	for range 100 {
		next()
	}
	time.Sleep(5 * time.Millisecond)
}

// burst starts many goroutines that end at once.
func burst(_ context.Context, r *rand.Rand) {
	var wg sync.WaitGroup
	for range 100 + r.IntN(400) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			spin(200)
		}()
	}
	wg.Wait()
	time.Sleep(time.Duration(r.IntN(3)) * time.Millisecond)
}

func timers(ctx context.Context, r *rand.Rand) {
	tick := time.NewTicker(time.Duration(100+r.IntN(900)) * time.Microsecond)
	defer tick.Stop()
	for range 20 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func run() error {
	out := flag.String("o", "trace.out", "file to write")
	size := flag.Int64("bytes", 1<<20, "size of the trace, about")
	most := flag.Duration("max", 10*time.Minute, "stop after this time in any case")
	procs := flag.Int("procs", 4, "GOMAXPROCS")
	flag.Parse()
	runtime.GOMAXPROCS(*procs)

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	go echo(l)

	f, err := os.Create(*out)
	if err != nil {
		return err
	}
	w := &counting{to: f}
	if err := trace.Start(w); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), *most)
	defer cancel()
	books := &ledger{values: map[int]int{}}
	books.changed = sync.NewCond(books)
	var wg sync.WaitGroup
	until(ctx, &wg, 8, request(l.Addr().String()))
	until(ctx, &wg, 8, pipeline)
	until(ctx, &wg, 8, books.update)
	until(ctx, &wg, 4, books.wait)
	until(ctx, &wg, 4, garbage)
	until(ctx, &wg, 2, files)
	until(ctx, &wg, 4, job)
	until(ctx, &wg, 1, coroutines)
	until(ctx, &wg, 2, burst)
	until(ctx, &wg, 8, timers)
	// A generation lasts a second, and is written when it ends; several seconds make several.
	for w.n.Load() < *size && ctx.Err() == nil {
		time.Sleep(5 * time.Millisecond)
	}
	trace.Stop()
	cancel()
	for done := make(chan struct{}); ; {
		go func() { wg.Wait(); close(done) }()
		for {
			select {
			case <-done:
				fmt.Printf("%s: %d bytes\n", *out, w.n.Load())
				return f.Close()
			case <-time.After(time.Millisecond):
				books.changed.Broadcast() // until the last waiter has seen the end
			}
		}
	}
}

func main() {
	log.SetFlags(0)
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
