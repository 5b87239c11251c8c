// SPDX-License-Identifier: MIT
package main

import (
	"context"
	"io"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"runtime/trace"
	"sync"
	"time"
)

func init() {
	workloads["gcpressure"] = gcpressure
	workloads["annotations"] = annotations
	workloads["cpuprofile"] = cpuprofile
	workloads["generations"] = generations
}

var keep [][]*[100]int

// gcpressure: assists, forced collections, finalizers, statistics that stop the world.
func gcpressure() {
	defer debug.SetGCPercent(debug.SetGCPercent(5))
	var wg sync.WaitGroup
	for w := 0; w < 4; w++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			live := make([]*[100]int, 500)
			for i := 0; i < 12000; i++ {
				p := new([100]int)
				live[i%len(live)] = p
				if i%1000 == 0 {
					runtime.SetFinalizer(p, func(*[100]int) { spin(10) })
				}
			}
		}()
	}
	var m runtime.MemStats
	for i := 0; i < 3; i++ {
		runtime.GC()
		runtime.ReadMemStats(&m)
		keep = append(keep, make([]*[100]int, 1000))
	}
	wg.Wait()
	debug.FreeOSMemory()
	keep = nil
}

// annotations: tasks and regions nested, across goroutines, never ended, with odd strings.
func annotations() {
	ctx, outer := trace.NewTask(context.Background(), "outer \"quoted\" \\ naïve 世界 \x00\x7f\u2028")
	defer outer.End()
	trace.Log(ctx, "", "")
	trace.Log(ctx, "tab\tnewline\n", string([]byte{0xff, 0xfe, 'x', 0xc0, 0x80}))
	trace.Logf(ctx, "number", "%d %v", 42, []string{"a"})
	var wg sync.WaitGroup
	for i := 0; i < 8; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			c, task := trace.NewTask(ctx, "step")
			trace.WithRegion(c, "a", func() {
				spin(1000)
				trace.WithRegion(c, "b", func() {
					runtime.Gosched()
					trace.Log(c, "where", "in b")
				})
			})
			region := trace.StartRegion(c, "left open")
			if i%2 == 0 {
				region.End()
			}
			if i%3 == 0 {
				task.End()
				task.End()
			}
		}()
	}
	wg.Wait()
	trace.WithRegion(context.Background(), "of no task", func() { spin(100) })
	long := make([]byte, 3000)
	for i := range long {
		long[i] = 'a' + byte(i%26)
	}
	trace.Log(ctx, "long", string(long))
}

// cpuprofile: samples of a CPU profile among the events.
func cpuprofile() {
	if pprof.StartCPUProfile(io.Discard) != nil {
		return
	}
	defer pprof.StopCPUProfile()
	var wg sync.WaitGroup
	end := time.Now().Add(120 * time.Millisecond)
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for time.Now().Before(end) {
				spin(50000)
			}
		}()
	}
	wg.Wait()
}

// generations: long enough for several of them; states of all kinds go from one to the next.
func generations() {
	_, task := trace.NewTask(context.Background(), "over generations")
	var mu sync.Mutex
	mu.Lock()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go func() { defer wg.Done(); mu.Lock(); spin(100); mu.Unlock() }()
	}
	wg.Add(1)
	go func() {
		defer wg.Done()
		defer trace.StartRegion(context.Background(), "long region").End()
		<-stop
	}()
	for end := time.Now().Add(2300 * time.Millisecond); time.Now().Before(end); {
		time.Sleep(3 * time.Millisecond)
		runtime.Gosched()
	}
	mu.Unlock()
	close(stop)
	wg.Wait()
	task.End()
}
