// SPDX-License-Identifier: MIT

// Command programs runs one of many small workloads while it is being traced: fresh traces for the conformance test.
//
//	programs -list
//	programs -w NAME -o FILE
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"runtime/trace"
	"sort"
	"time"
)

// A workload does its work and waits for what it started, except where leaving something behind is its point.
var workloads = map[string]func(){}

func main() {
	log.SetFlags(0)
	list := flag.Bool("list", false, "print the names of the workloads")
	name := flag.String("w", "", "workload to run")
	out := flag.String("o", "", "trace file to write")
	flag.Parse()
	if *list {
		names := []string{}
		for n := range workloads {
			names = append(names, n)
		}
		sort.Strings(names)
		for _, n := range names {
			fmt.Println(n)
		}
		return
	}
	run := workloads[*name]
	if run == nil || *out == "" {
		log.Fatal("usage: programs -list | -w NAME -o FILE")
	}
	f, err := os.Create(*out)
	if err != nil {
		log.Fatal(err)
	}
	// Goroutines that are older than the trace: one waits, one runs on and off.
	stop := make(chan struct{})
	go func() { <-stop }()
	go func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}
	run()
	trace.Stop()
	close(stop)
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}

// spin keeps a processor busy and returns something that depends on it.
func spin(n int) (x uint32) {
	x = 1
	for i := 0; i < n; i++ {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
	}
	return x
}
