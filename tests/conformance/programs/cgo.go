// SPDX-License-Identifier: MIT

//go:build cgo

package main

/*
#include <pthread.h>
#include <unistd.h>
#cgo LDFLAGS: -lpthread

extern void goCallback(int);

static void *in_thread(void *arg)
{
	for (int i = 0; i < 5; i++)
		goCallback((int)(long)arg);
	return 0;
}

// Threads that Go did not make, calling into Go, several times and from several at once.
static void from_threads(void)
{
	pthread_t t[4];
	for (long round = 0; round < 3; round++) {
		for (long i = 0; i < 4; i++)
			pthread_create(&t[i], 0, in_thread, (void *)i);
		for (int i = 0; i < 4; i++)
			pthread_join(t[i], 0);
	}
}

static void nap(void)
{
	usleep(300);
}

static void back(void)
{
	goCallback(7);
}
*/
import "C"

import (
	"sync"
	"time"
)

func init() {
	workloads["cgo"] = cgo
}

//export goCallback
func goCallback(n C.int) {
	spin(1000)
	if n%2 == 1 {
		time.Sleep(100 * time.Microsecond)
	}
}

// cgo: calls to C and back, from goroutines and from C's threads.
func cgo() {
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := 0; k < 5; k++ {
				C.nap()
				C.back()
			}
		}()
	}
	C.from_threads()
	wg.Wait()
}
