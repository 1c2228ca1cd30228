// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pb "sluice/interop/interoppb"
)

type peerServer struct {
	pb.UnimplementedPeerServer
	cancelled, sleeping atomic.Int64
}

func (p *peerServer) sleep(ctx context.Context) error {
	p.sleeping.Add(1)
	<-ctx.Done()
	p.cancelled.Add(1)
	p.sleeping.Add(-1)
	return status.FromContextError(ctx.Err()).Err()
}

// The metadata that the client wants back; nil maps when there is none.
func echoed(ctx context.Context) (initial, trailing metadata.MD) {
	sent, _ := metadata.FromIncomingContext(ctx)
	if values := sent.Get("x-echo-initial"); len(values) > 0 {
		initial = metadata.MD{"x-echo-initial": values}
	}
	if values := sent.Get("x-echo-trailing-bin"); len(values) > 0 {
		trailing = metadata.MD{"x-echo-trailing-bin": values}
	}
	return initial, trailing
}

func echoOn(stream grpc.ServerStream) error {
	initial, trailing := echoed(stream.Context())
	if trailing != nil {
		stream.SetTrailer(trailing)
	}
	if initial != nil {
		return stream.SendHeader(initial)
	}
	return nil
}

func delay(request *pb.Request) { time.Sleep(time.Duration(request.DelayMs) * time.Millisecond) }

// The status with which the request ends its call, nil for OK.
func finish(request *pb.Request) error {
	if request.Status == nil {
		return nil
	}
	return status.Error(codes.Code(request.Status.Code), request.Status.Message)
}

func (p *peerServer) Unary(ctx context.Context, request *pb.Request) (*pb.Response, error) {
	initial, trailing := echoed(ctx)
	if trailing != nil {
		if err := grpc.SetTrailer(ctx, trailing); err != nil {
			return nil, err
		}
	}
	if initial != nil {
		if err := grpc.SendHeader(ctx, initial); err != nil {
			return nil, err
		}
	}
	delay(request)
	if request.SleepUntilCancelled {
		return nil, p.sleep(ctx)
	}
	if err := finish(request); err != nil {
		return nil, err
	}
	return &pb.Response{
		Payload:       pattern(int(request.ResponseSize)),
		ReceivedBytes: uint64(len(request.Payload)),
		Corrupt:       !intact(request.Payload),
	}, nil
}

func (p *peerServer) answers(request *pb.Request, index uint32,
	stream grpc.ServerStreamingServer[pb.Response]) error {
	delay(request)
	for i := range request.ResponseCount {
		err := stream.Send(&pb.Response{
			Payload:       pattern(int(request.ResponseSize)),
			ReceivedBytes: uint64(len(request.Payload)),
			Corrupt:       !intact(request.Payload),
			Index:         index + i,
		})
		if err != nil {
			return err
		}
	}
	if request.SleepUntilCancelled {
		return p.sleep(stream.Context())
	}
	return nil
}

func (p *peerServer) Download(request *pb.Request, stream grpc.ServerStreamingServer[pb.Response]) error {
	if err := echoOn(stream); err != nil {
		return err
	}
	if err := p.answers(request, 0, stream); err != nil {
		return err
	}
	return finish(request)
}

func (p *peerServer) Upload(stream grpc.ClientStreamingServer[pb.Request, pb.Response]) error {
	if err := echoOn(stream); err != nil {
		return err
	}
	answer, last := &pb.Response{}, &pb.Request{}
	for {
		request, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		last = request
		answer.ReceivedBytes += uint64(len(request.Payload))
		answer.ReceivedCount++
		answer.Corrupt = answer.Corrupt || !intact(request.Payload)
		delay(request)
		if request.SleepUntilCancelled {
			return p.sleep(stream.Context())
		}
	}
	if err := finish(last); err != nil {
		return err
	}
	answer.Payload = pattern(int(last.ResponseSize))
	return stream.SendAndClose(answer)
}

func (p *peerServer) Chat(stream grpc.BidiStreamingServer[pb.Request, pb.Response]) error {
	if err := echoOn(stream); err != nil {
		return err
	}
	index := uint32(0)
	for {
		request, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := p.answers(request, index, stream); err != nil {
			return err
		}
		index += request.ResponseCount
		if err := finish(request); err != nil {
			return err
		}
	}
}

func (p *peerServer) Counts(context.Context, *pb.CountsRequest) (*pb.CountsResponse, error) {
	return &pb.CountsResponse{
		Cancelled: uint64(p.cancelled.Load()), Sleeping: uint64(p.sleeping.Load()),
	}, nil
}

func serve(port int) error {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(messageLimit), grpc.MaxSendMsgSize(sendLimit))
	pb.RegisterPeerServer(server, &peerServer{})
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
	go func() {
		<-stop
		server.Stop()
	}()
	fmt.Printf("listening on %d\n", listener.Addr().(*net.TCPAddr).Port)
	return server.Serve(listener)
}
