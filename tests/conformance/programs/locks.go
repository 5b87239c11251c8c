// SPDX-License-Identifier: MIT
package main

import (
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

func init() {
	workloads["rwmutex"] = rwmutex
	workloads["barrier"] = barrier
	workloads["iterpull"] = iterpull
	workloads["lockthread"] = lockthread
	workloads["gomaxprocs"] = gomaxprocs
	workloads["panics"] = panics
	workloads["ticker"] = ticker
}

// rwmutex: readers and writers of one map, sync.Once, sync.Pool, sync.Map.
func rwmutex() {
	var mu sync.RWMutex
	var wg sync.WaitGroup
	var m sync.Map
	pool := sync.Pool{New: func() any { return new([64]int) }}
	data := map[int]int{}
	for w := 0; w < 10; w++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := 0; i < 60; i++ {
				b := pool.Get().(*[64]int)
				if w < 3 {
					mu.Lock()
					data[i] += int(spin(500))
					mu.Unlock()
				} else {
					mu.RLock()
					b[i] = data[i]
					spin(200)
					mu.RUnlock()
				}
				m.Store(i, w)
				pool.Put(b)
				if i%20 == 0 {
					runtime.Gosched()
				}
			}
		}()
	}
	wg.Wait()
}

// barrier: phases that all workers enter together, by a condition variable.
func barrier() {
	const workers, phases = 6, 25
	var mu sync.Mutex
	var wg sync.WaitGroup
	cond := sync.NewCond(&mu)
	arrived, phase := 0, 0
	for w := 0; w < workers; w++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for p := 0; p < phases; p++ {
				spin(1000 * (w + 1))
				mu.Lock()
				if arrived++; arrived == workers {
					arrived = 0
					phase++
					cond.Broadcast()
				} else {
					for phase == p {
						cond.Wait()
					}
				}
				mu.Unlock()
			}
		}()
	}
	wg.Wait()
}

// iterpull: coroutines, nested, stopped early, driven from several goroutines, one that panics.
func iterpull() {
	count := func(n int) iter.Seq[int] {
		return func(yield func(int) bool) {
			for i := 0; i < n; i++ {
				spin(100)
				if !yield(i) {
					return
				}
			}
		}
	}
	zip := func(a, b iter.Seq[int]) iter.Seq2[int, int] {
		return func(yield func(int, int) bool) {
			na, sa := iter.Pull(a)
			defer sa()
			nb, sb := iter.Pull(b)
			defer sb()
			for {
				x, ok := na()
				y, ok2 := nb()
				if !ok || !ok2 || !yield(x, y) {
					return
				}
			}
		}
	}
	var wg sync.WaitGroup
	for w := 0; w < 4; w++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			next, stop := iter.Pull2(zip(count(60), count(40+w)))
			for i := 0; ; i++ {
				if _, _, ok := next(); !ok || i == 30+5*w {
					break
				}
			}
			stop()
		}()
	}
	wg.Wait()
	func() {
		defer func() { _ = recover() }()
		next, _ := iter.Pull(func(yield func(int) bool) { yield(1); panic("in the iterator") })
		next()
		next()
	}()
	next, _ := iter.Pull(count(3))
	next() // and never again
}

// lockthread: goroutines bound to their threads; some end while bound, which ends the thread.
func lockthread() {
	var wg sync.WaitGroup
	for i := 0; i < 8; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			runtime.LockOSThread()
			for k := 0; k < 10; k++ {
				spin(2000)
				runtime.Gosched()
				time.Sleep(50 * time.Microsecond)
			}
			if i%2 == 0 {
				runtime.UnlockOSThread()
			}
		}()
	}
	wg.Wait()
}

// gomaxprocs: the number of processors changes while there is work.
func gomaxprocs() {
	was := runtime.GOMAXPROCS(0)
	var stop atomic.Bool
	var wg sync.WaitGroup
	for i := 0; i < 6; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for !stop.Load() {
				spin(5000)
				runtime.Gosched()
			}
		}()
	}
	for _, n := range []int{1, 4, 2, 7, 3, 1, was} {
		runtime.GOMAXPROCS(n)
		time.Sleep(time.Millisecond)
	}
	stop.Store(true)
	wg.Wait()
}

// panics: recovered panics, Goexit, deep stacks, closures with long names.
func panics() {
	var wg sync.WaitGroup
	var dive func(n int)
	dive = func(n int) {
		if n == 0 {
			runtime.Gosched()
			panic("at the bottom")
		}
		dive(n - 1)
	}
	for i := 0; i < 20; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			defer func() { _ = recover() }()
			switch i % 3 {
			case 0:
				dive(200)
			case 1:
				runtime.Goexit()
			default:
				var p *int
				*p = i
			}
		}()
	}
	wg.Wait()
}

// ticker: tickers, timers that are stopped and reset, sleeps of many lengths.
func ticker() {
	var wg sync.WaitGroup
	for i := 1; i <= 5; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			t := time.NewTicker(time.Duration(i) * 100 * time.Microsecond)
			defer t.Stop()
			reset := time.NewTimer(time.Hour)
			for k := 0; k < 10; k++ {
				<-t.C
				reset.Reset(time.Hour)
				time.Sleep(time.Duration(k) * 10 * time.Microsecond)
			}
			reset.Stop()
		}()
	}
	done := make(chan struct{})
	time.AfterFunc(2*time.Millisecond, func() { spin(100); close(done) })
	<-done
	wg.Wait()
}
