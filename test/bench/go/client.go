// SPDX-License-Identifier: Apache-2.0
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"sluice/bench/echo"
)

func connect(options settings) echo.EchoClient {
	secure := insecure.NewCredentials()
	if options.tls != "" {
		var err error
		if secure, err = credentials.NewClientTLSFromFile(options.tls+"/ca.pem", ""); err != nil {
			fail(err)
		}
	}
	connection, err := grpc.NewClient(fmt.Sprintf("passthrough:///127.0.0.1:%d", options.port),
		grpc.WithTransportCredentials(secure),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage)),
		grpc.WithInitialWindowSize(window),
		grpc.WithInitialConnWindowSize(window),
		grpc.WithWriteBufferSize(bufferSize),
		grpc.WithReadBufferSize(bufferSize),
	)
	if err != nil {
		fail(err)
	}
	limit, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	connection.Connect()
	for state := connection.GetState(); state != connectivity.Ready; state = connection.GetState() {
		if !connection.WaitForStateChange(limit, state) {
			fail("cannot connect")
		}
	}
	return echo.NewEchoClient(connection)
}

func messageOf(options settings) *echo.Message {
	return &echo.Message{Payload: bytes.Repeat([]byte{'x'}, int(options.size))}
}

func expectEcho(client echo.EchoClient, message *echo.Message) {
	reply, err := client.Unary(context.Background(), message)
	if err != nil {
		fail(err)
	}
	if !bytes.Equal(reply.Payload, message.Payload) {
		fail("a reply that is no echo")
	}
}

func expectAll(options settings, count uint64) {
	if count != options.calls {
		fail(fmt.Sprintf("lost messages: %d of %d", count, options.calls))
	}
}

func unary(clients []echo.EchoClient, options settings) {
	var begun atomic.Uint64
	var work sync.WaitGroup
	message := messageOf(options)
	for _, client := range clients {
		for range options.streams {
			work.Add(1)
			go func() {
				defer work.Done()
				for begun.Add(1) <= options.calls {
					expectEcho(client, message)
				}
			}()
		}
	}
	work.Wait()
}

func latency(client echo.EchoClient, options settings) []time.Duration {
	times := make([]time.Duration, 0, options.calls)
	message := messageOf(options)
	for range options.calls {
		begin := time.Now()
		expectEcho(client, message)
		times = append(times, time.Since(begin))
	}
	return times
}

func download(client echo.EchoClient, options settings) {
	wanted := &echo.Request{Count: options.calls, Size: uint32(options.size)}
	stream, err := client.Download(context.Background(), wanted)
	if err != nil {
		fail(err)
	}
	expectAll(options, receiveAll(stream, options))
}

// How many messages came.
func receiveAll(stream grpc.ClientStream, options settings) uint64 {
	var count uint64
	var message echo.Message
	for {
		err := stream.RecvMsg(&message)
		if errors.Is(err, io.EOF) {
			return count
		}
		if err != nil {
			fail(err)
		}
		if len(message.Payload) != int(options.size) {
			fail("a message of another size")
		}
		count++
	}
}

func upload(client echo.EchoClient, options settings) {
	stream, err := client.Upload(context.Background())
	if err != nil {
		fail(err)
	}
	message := messageOf(options)
	for range options.calls {
		if err := stream.Send(message); err != nil {
			fail(err)
		}
	}
	summary, err := stream.CloseAndRecv()
	if err != nil {
		fail(err)
	}
	expectAll(options, summary.Count)
}

func bothWays(client echo.EchoClient, options settings) {
	stream, err := client.Both(context.Background())
	if err != nil {
		fail(err)
	}
	go func() {
		message := messageOf(options)
		for range options.calls {
			if err := stream.Send(message); err != nil {
				fail(err)
			}
		}
		if err := stream.CloseSend(); err != nil {
			fail(err)
		}
	}()
	expectAll(options, receiveAll(stream, options))
}

// The nearest rank, in µs.
func percentile(sorted []time.Duration, percent int) float64 {
	rank := max((len(sorted)*percent+99)/100, 1)
	return float64(sorted[rank-1].Nanoseconds()) / 1e3
}

func measure(options settings) {
	var clients []echo.EchoClient
	for range options.connections {
		clients = append(clients, connect(options))
	}
	var times []time.Duration
	begin := time.Now()
	switch options.kind {
	case "unary":
		unary(clients, options)
	case "latency":
		times = latency(clients[0], options)
	case "download":
		download(clients[0], options)
	case "upload":
		upload(clients[0], options)
	case "both":
		bothWays(clients[0], options)
	default:
		fail("no such kind: " + options.kind)
	}
	seconds := time.Since(begin).Seconds()
	tail := ""
	if len(times) > 0 {
		slices.Sort(times)
		tail = fmt.Sprintf(`, "p50_us": %.3f, "p99_us": %.3f`, percentile(times, 50), percentile(times, 99))
	}
	fmt.Printf("{\"calls\": %d, \"seconds\": %.6f%s}\n", options.calls, seconds, tail)
}
