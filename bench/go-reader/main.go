// SPDX-License-Identifier: MIT

// Command go-reader runs the bare loop of Go's own trace reader (golang.org/x/exp/trace) over a file that it first
// reads into memory, and prints events, bytes and seconds of the loop alone. It is what `make bench` compares with.
package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"golang.org/x/exp/trace"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go-reader FILE")
	}
	data, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	begin := time.Now()
	r, err := trace.NewReader(bytes.NewReader(data))
	if err != nil {
		log.Fatal(err)
	}
	events := 0
	for {
		_, err := r.ReadEvent()
		if err == io.EOF {
			break
		}
		if err != nil {
			log.Fatal(err)
		}
		events++
	}
	fmt.Println(events, len(data), time.Since(begin).Seconds())
}
