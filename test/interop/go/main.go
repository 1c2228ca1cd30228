// SPDX-License-Identifier: Apache-2.0

// The interop peer on grpc-go; ../cases.md is its contract.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
)

const (
	messageLimit = 4 << 20
	sendLimit    = math.MaxInt32
	period       = 251
)

// The payload that every peer sends and checks.
func pattern(size int) []byte {
	payload := make([]byte, size)
	for i := range payload {
		payload[i] = byte(i % period)
	}
	return payload
}

func intact(payload []byte) bool { return bytes.Equal(payload, pattern(len(payload))) }

func main() {
	port := flag.Int("port", 0, "serve on this port of 127.0.0.1, 0: any")
	target := flag.String("target", "", "be a client of this host:port")
	name := flag.String("case", "all", "the client's case")
	flag.Parse()
	if *target != "" {
		os.Exit(runCases(*target, *name))
	}
	if err := serve(*port); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
