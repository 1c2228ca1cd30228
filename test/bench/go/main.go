// SPDX-License-Identifier: Apache-2.0

// bench.Echo on grpc-go, on one P, as it is measured on one core. Its documentation names as faster than the
// defaults: stream workers (no new goroutine, whose stack has to grow, for each call), windows of a fixed size that
// are never in the way (no pings that estimate them), and larger buffers for writes and reads. The collector is
// as Go has it. The command line is that of ../program.hpp after a first word: server or client.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"
)

const (
	window     = 16 << 20
	bufferSize = 128 << 10
	maxMessage = 32 << 20 // go itself allows 4 MiB
)

type settings struct {
	port        uint
	kind        string
	connections int
	streams     int
	calls       uint64 // of a streaming kind: messages
	size        uint   // bytes of payload in a message
	tls         string // where server.pem, server.key and ca.pem are
}

func fail(what any) {
	fmt.Fprintln(os.Stderr, what)
	os.Exit(1)
}

func read(words []string) settings {
	var options settings
	flags := flag.NewFlagSet("grpc_go", flag.ExitOnError)
	flags.UintVar(&options.port, "port", 0, "")
	flags.StringVar(&options.kind, "kind", "unary", "unary, latency, download or upload")
	flags.IntVar(&options.connections, "connections", 1, "")
	flags.IntVar(&options.streams, "streams", 1, "on each connection")
	flags.Uint64Var(&options.calls, "calls", 1000, "of a streaming kind: messages")
	flags.UintVar(&options.size, "size", 10, "bytes of payload in a message")
	flags.StringVar(&options.tls, "tls", "", "directory of certificates: TLS 1.3")
	seconds := flags.Int("time-limit", 600, "seconds")
	_ = flags.Parse(words) // ends the process when they are wrong
	limit := time.Duration(*seconds) * time.Second
	time.AfterFunc(limit, func() { fail(fmt.Sprintf("not over after %v", limit)) })
	if flags.NArg() > 0 {
		fail("no such option: " + flags.Arg(0))
	}
	if options.kind != "unary" && options.connections*options.streams != 1 {
		fail("--kind " + options.kind + " is measured with one connection and one stream")
	}
	return options
}

func main() {
	runtime.GOMAXPROCS(1)
	if len(os.Args) < 2 {
		fail("server or client is needed")
	}
	options := read(os.Args[2:])
	switch os.Args[1] {
	case "server":
		serve(options)
	case "client":
		measure(options)
	default:
		fail("server or client is needed, not " + os.Args[1])
	}
}
