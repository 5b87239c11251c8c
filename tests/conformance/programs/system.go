// SPDX-License-Identifier: MIT
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

func init() {
	workloads["httpunix"] = httpunix
	workloads["udp"] = udp
	workloads["files"] = files
	workloads["exec"] = execs
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func scratch() (string, func()) {
	dir, err := os.MkdirTemp("", "kymo-programs")
	must(err)
	return dir, func() { os.RemoveAll(dir) }
}

// httpunix: a server on a Unix socket; slow answers, clients that give up.
func httpunix() {
	dir, clean := scratch()
	defer clean()
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	must(err)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			select {
			case <-r.Context().Done():
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
		fmt.Fprintf(w, "%d\n", spin(5000))
	})}
	go srv.Serve(l)
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", l.Addr().String())
		}}}
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := 0; k < 6; k++ {
				path := "/fast"
				if k == 3 {
					path = "/slow"
				}
				ctx, stop := context.WithTimeout(context.Background(), 4*time.Millisecond)
				req, err := http.NewRequestWithContext(ctx, "GET", "http://unix"+path, nil)
				must(err)
				if res, err := client.Do(req); err == nil {
					io.Copy(io.Discard, res.Body)
					res.Body.Close()
				}
				stop()
			}
		}()
	}
	wg.Wait()
	client.CloseIdleConnections()
	must(srv.Shutdown(context.Background()))
}

// udp: an echo server, deadlines that pass.
func udp() {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(err)
	go func() {
		b := make([]byte, 100)
		for {
			n, from, err := server.ReadFrom(b)
			if err != nil {
				return
			}
			if b[0] != 3 {
				server.WriteTo(b[:n], from)
			}
		}
	}()
	c, err := net.Dial("udp", server.LocalAddr().String())
	must(err)
	b := make([]byte, 100)
	for i := byte(0); i < 6; i++ {
		c.Write([]byte{i})
		c.SetReadDeadline(time.Now().Add(3 * time.Millisecond))
		c.Read(b)
	}
	c.Close()
	server.Close()
}

// files: writes, syncs, reads, directories, a pipe through which goroutines talk.
func files() {
	dir, clean := scratch()
	defer clean()
	var wg sync.WaitGroup
	for i := 0; i < 4; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for k := 0; k < 8; k++ {
				name := filepath.Join(dir, fmt.Sprintf("%d-%d", i, k))
				f, err := os.Create(name)
				must(err)
				f.Write(make([]byte, 10000))
				if k == 0 {
					f.Sync()
				}
				f.Close()
				os.ReadFile(name)
				os.ReadDir(dir)
			}
		}()
	}
	r, w, err := os.Pipe()
	must(err)
	go func() {
		for i := 0; i < 30; i++ {
			w.Write([]byte("x"))
			time.Sleep(20 * time.Microsecond)
		}
		w.Close()
	}()
	io.Copy(io.Discard, r)
	r.Close()
	wg.Wait()
}

// execs: child processes, and signals to oneself.
func execs() {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGUSR1)
	for i := 0; i < 3; i++ {
		exec.Command("/bin/sh", "-c", "exit 0").Run()
		must(syscall.Kill(os.Getpid(), syscall.SIGUSR1))
		<-signals
	}
	signal.Stop(signals)
	ctx, stop := context.WithTimeout(context.Background(), 3*time.Millisecond)
	defer stop()
	exec.CommandContext(ctx, "/bin/sh", "-c", "sleep 5").Run()
}
