// SPDX-License-Identifier: Apache-2.0
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/signal"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"sluice/bench/echo"
)

type service struct {
	echo.UnimplementedEchoServer
}

func (service) Unary(_ context.Context, message *echo.Message) (*echo.Message, error) {
	return message, nil
}

func (service) Download(wanted *echo.Request, stream grpc.ServerStreamingServer[echo.Message]) error {
	message := &echo.Message{Payload: bytes.Repeat([]byte{'x'}, int(wanted.Size))}
	for left := wanted.Count; left > 0; left-- {
		if err := stream.Send(message); err != nil {
			return err
		}
	}
	return nil
}

func (service) Upload(stream grpc.ClientStreamingServer[echo.Message, echo.Summary]) error {
	var summary echo.Summary
	var message echo.Message
	for {
		err := stream.RecvMsg(&message)
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(&summary)
		}
		if err != nil {
			return err
		}
		summary.Count++
		summary.Bytes += uint64(len(message.Payload))
	}
}

func (service) Both(stream grpc.BidiStreamingServer[echo.Message, echo.Message]) error {
	var message echo.Message
	for {
		err := stream.RecvMsg(&message)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(&message); err != nil {
			return err
		}
	}
}

func serve(options settings) {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", options.port))
	if err != nil {
		fail(err)
	}
	secure := insecure.NewCredentials()
	if options.tls != "" {
		secure, err = credentials.NewServerTLSFromFile(options.tls+"/server.pem", options.tls+"/server.key")
		if err != nil {
			fail(err)
		}
	}
	server := grpc.NewServer(
		grpc.Creds(secure),
		grpc.NumStreamWorkers(1), // one a core
		grpc.MaxConcurrentStreams(math.MaxUint32),
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.InitialWindowSize(window),
		grpc.InitialConnWindowSize(window),
		grpc.WriteBufferSize(bufferSize),
		grpc.ReadBufferSize(bufferSize),
	)
	echo.RegisterEchoServer(server, service{})
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		server.Stop()
	}()
	fmt.Printf("listening on %d\n", listener.Addr().(*net.TCPAddr).Port)
	if err := server.Serve(listener); err != nil {
		fail(err)
	}
}
