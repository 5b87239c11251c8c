// SPDX-License-Identifier: MIT
package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/trace"
	"sync"
	"syscall"
	"time"
)

func init() {
	workloads["tasktree"] = taskTree
	workloads["regionedges"] = regionEdges
}

// taskTree: tasks begun on one goroutine and ended on another, three deep; logs with and without a category, after the
// task's end too; garbage collections meanwhile; long enough to span generations where these are made short.
func taskTree() {
	ctx, root := trace.NewTask(context.Background(), "root")
	defer root.End()
	trace.Log(ctx, "", "no category")
	end := time.Now().Add(250 * time.Millisecond)
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			c, branch := trace.NewTask(ctx, fmt.Sprint("branch ", i))
			for n := 0; time.Now().Before(end); n++ {
				grow(c, n)
				time.Sleep(7 * time.Millisecond)
			}
			branch.End()
			trace.Log(c, "late", "after the end")
		}()
	}
	_, never := trace.NewTask(ctx, "never ends")
	_ = never
	wg.Wait()
}

var garbage [][]byte

// grow begins a task that another goroutine ends.
func grow(ctx context.Context, n int) {
	c, leaf := trace.NewTask(ctx, "leaf")
	region := trace.StartRegion(c, "outer")
	defer region.End()
	done := make(chan struct{})
	go func() {
		trace.WithRegion(c, "inner", func() {
			trace.Logf(c, "n", "%d", n)
			var mine [][]byte
			for i := 0; i < 20; i++ {
				mine = append(mine, make([]byte, 32<<10))
			}
			if n%16 == 0 {
				runtime.GC()
			}
			runtime.KeepAlive(mine)
		})
		leaf.End()
		close(done)
	}()
	trace.WithRegion(c, "wait", func() { <-done })
}

// regionEdges: regions that end elsewhere than they began, or never: on another goroutine (which was created inside a
// region, or was not), with their goroutine, blocked for ever, or in a system call when the trace ends.
func regionEdges() {
	ctx := context.Background()
	c, task := trace.NewTask(ctx, "edges")
	var wg sync.WaitGroup
	handed := make(chan *trace.Region, 2)
	go func() { // begins, and leaves the end to others
		handed <- trace.StartRegion(c, "handed over")
		handed <- trace.StartRegion(c, "handed over too")
	}()
	first, second := <-handed, <-handed
	around := trace.StartRegion(c, "around")
	wg.Add(1)
	go func() { // inherits, and ends what it did not begin: twice
		defer wg.Done()
		trace.WithRegion(c, "own", func() { spin(1000) })
		first.End()
		second.End()
		trace.WithRegion(c, "after", func() { runtime.Gosched() })
		wg.Add(1)
		go func() { // of a creator whose inherited region is over
			defer wg.Done()
			spin(100)
		}()
	}()
	wg.Wait()
	around.End()
	late := make(chan *trace.Region)
	waiting := make(chan struct{})
	wg.Add(1)
	go func() {
		defer wg.Done()
		trace.StartRegion(c, "left open")
		trace.StartRegion(ctx, "left open inside")
		wg.Add(1)
		go func() { // an heir's heir
			defer wg.Done()
			runtime.Gosched()
		}()
		late <- trace.StartRegion(ctx, "deepest")
	}()
	(<-late).End()
	wg.Wait()
	for i := 0; i < 2; i++ {
		go func() {
			trace.StartRegion(c, "for ever")
			waiting <- struct{}{}
			select {}
		}()
		<-waiting
	}
	var pipe [2]int
	must(syscall.Pipe(pipe[:]))
	go func() {
		trace.StartRegion(c, "reads")
		waiting <- struct{}{}
		syscall.Read(pipe[0], make([]byte, 1))
	}()
	<-waiting
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			defer trace.StartRegion(ctx, "collects").End()
			for k := 0; k < 200; k++ {
				garbage = [][]byte{make([]byte, 64<<10)}
			}
			runtime.GC()
		}()
		wg.Wait()
	}
	time.Sleep(5 * time.Millisecond)
	task.End()
	trace.Log(c, "late", "of a task that is over")
}
