// SPDX-License-Identifier: MIT
package main

import (
	"context"
	"errors"
	"sync"
	"time"
)

func init() {
	workloads["sieve"] = sieve
	workloads["select"] = selects
	workloads["errgroup"] = errgroup
	workloads["cancel"] = cancel
	workloads["semaphore"] = semaphore
}

// sieve: a chain of goroutines over unbuffered channels, one more for each prime; left blocked at the end.
func sieve() {
	ch := make(chan int)
	go func() {
		for i := 2; ; i++ {
			ch <- i
		}
	}()
	in := ch
	for i := 0; i < 40; i++ {
		prime := <-in
		out := make(chan int)
		go func(from <-chan int) {
			for v := range from {
				if v%prime != 0 {
					out <- v
				}
			}
		}(in)
		in = out
	}
}

// selects: many cases, defaults, nil channels, timeouts, a select that blocks for ever.
func selects() {
	var chs [8]chan int
	var wg sync.WaitGroup
	for i := range chs {
		chs[i] = make(chan int, i%3)
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := 0; k < 50; k++ {
				select {
				case chs[i] <- k:
				case <-time.After(200 * time.Microsecond):
				}
			}
			close(chs[i])
		}()
	}
	go func() { select {} }()
	go func() { var never chan int; <-never }()
	open := len(chs)
	for open > 0 {
		var v int
		ok, which := true, -1
		select {
		case v, ok = <-chs[0]:
			which = 0
		case v, ok = <-chs[1]:
			which = 1
		case v, ok = <-chs[2]:
			which = 2
		case v, ok = <-chs[3]:
			which = 3
		case v, ok = <-chs[4]:
			which = 4
		case v, ok = <-chs[5]:
			which = 5
		case v, ok = <-chs[6]:
			which = 6
		case v, ok = <-chs[7]:
			which = 7
		case <-time.After(time.Millisecond):
		}
		if !ok {
			chs[which] = nil
			open--
		}
		spin(v * 10)
		select {
		case <-chs[0]:
		default:
		}
	}
	wg.Wait()
}

// errgroup: workers with a common first error, limited in number.
func errgroup() {
	boom := errors.New("boom")
	for round := 0; round < 10; round++ {
		var wg sync.WaitGroup
		var once sync.Once
		var first error
		limit := make(chan struct{}, 3)
		for i := 0; i < 12; i++ {
			limit <- struct{}{}
			wg.Add(1)
			go func() {
				defer func() { <-limit; wg.Done() }()
				spin(3000 * (i + 1))
				if i%5 == 4 {
					once.Do(func() { first = boom })
				}
			}()
		}
		wg.Wait()
		if first != boom {
			panic("no error")
		}
	}
}

// cancel: a tree of contexts, cancelled from the root, by deadline, and by AfterFunc.
func cancel() {
	root, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	var grow func(ctx context.Context, depth int)
	grow = func(ctx context.Context, depth int) {
		defer wg.Done()
		if depth == 0 {
			<-ctx.Done()
			return
		}
		for i := 0; i < 3; i++ {
			c, end := context.WithTimeout(ctx, time.Duration(depth*(i+1))*time.Millisecond)
			context.AfterFunc(c, func() { spin(1000) })
			wg.Add(1)
			go grow(c, depth-1)
			if i == 2 {
				defer end()
			} else {
				_ = end
			}
		}
		<-ctx.Done()
	}
	wg.Add(1)
	go grow(root, 3)
	time.Sleep(5 * time.Millisecond)
	stop()
	wg.Wait()
}

// semaphore: buffered channel as a semaphore, goroutines that make goroutines.
func semaphore() {
	sem := make(chan struct{}, 4)
	var wg sync.WaitGroup
	var split func(n int)
	split = func(n int) {
		defer wg.Done()
		sem <- struct{}{}
		spin(2000)
		<-sem
		if n > 1 {
			wg.Add(2)
			go split(n / 2)
			go split(n - n/2)
		}
	}
	wg.Add(1)
	go split(64)
	wg.Wait()
}
