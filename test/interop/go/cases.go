// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	pb "sluice/interop/interoppb"
)

const message = "naïve ☃ 100% \"数据\" 🦀\nend"

var cases = []struct {
	name string
	run  func(*client) error
}{
	{"unary_empty", unaryEmpty},
	{"unary_1", unaryOf(1)},
	{"unary_64k", unaryOf(65536)},
	{"unary_3m", unaryOf(3 * mib)},
	{"download", func(c *client) error { return errors.Join(c.download(100, 1000), c.download(0, 1000)) }},
	{"download_3m", func(c *client) error { return c.download(4, 3*mib) }},
	{"upload", upload},
	{"chat_ping_pong", chatPingPong},
	{"chat_half_close_at_once", chatHalfCloseAtOnce},
	{"metadata", echoMetadata},
	{"status", echoStatus},
	{"unimplemented", unimplemented},
	{"deadline", deadline},
	{"cancel", cancelAll},
	{"hundred_at_once", hundredAtOnce},
	{"over_limit", overLimit},
}

func (c *client) unary(request *pb.Request) (*pb.Response, error) {
	ctx, cancel := c.deadline()
	defer cancel()
	return c.peer.Unary(ctx, request)
}

func unaryEmpty(c *client) error {
	answer, err := c.unary(&pb.Request{})
	if err == nil && proto.Size(answer) != 0 {
		err = fmt.Errorf("an answer of %d bytes", proto.Size(answer))
	}
	return err
}

func unaryOf(size int) func(*client) error {
	return func(c *client) error {
		answer, err := c.unary(&pb.Request{Payload: pattern(size), ResponseSize: uint32(size)})
		if err != nil {
			return err
		}
		return check(answer, size, size, 0)
	}
}

func (c *client) download(count, size int) error {
	ctx, cancel := c.deadline()
	defer cancel()
	request := &pb.Request{ResponseCount: uint32(count), ResponseSize: uint32(size)}
	call, err := c.start(ctx, "Download", request, false)
	if err != nil {
		return err
	}
	answers, err := readAll(call)
	if err != nil {
		return err
	}
	return checkAll(answers, count, size, 0)
}

func upload(c *client) error {
	requests := slices.Repeat([]*pb.Request{{Payload: pattern(1000)}}, 100)
	requests = append(requests, &pb.Request{Payload: pattern(3 * mib)})
	for _, round := range [][]*pb.Request{requests, nil} {
		ctx, cancel := c.deadline()
		defer cancel()
		stream, err := c.peer.Upload(ctx)
		if err != nil {
			return err
		}
		total := 0
		for _, request := range round {
			if err := ignoreEOF(stream.Send(request)); err != nil {
				return err
			}
			total += len(request.Payload)
		}
		answer, err := stream.CloseAndRecv()
		if err != nil {
			return err
		}
		if err := check(answer, 0, total, 0); err != nil {
			return err
		}
		if answer.ReceivedCount != uint32(len(round)) {
			return fmt.Errorf("the server got %d requests, not %d", answer.ReceivedCount, len(round))
		}
	}
	return nil
}

func chatPingPong(c *client) error {
	ctx, cancel := c.deadline()
	defer cancel()
	stream, err := c.peer.Chat(ctx)
	if err != nil {
		return err
	}
	for i := range 20 {
		request := &pb.Request{Payload: pattern(i), ResponseSize: uint32(100 * i), ResponseCount: 1}
		if err := ignoreEOF(stream.Send(request)); err != nil {
			return err
		}
		answer, err := stream.Recv()
		if err != nil {
			return fmt.Errorf("answer %d: %w", i, err)
		}
		if err := check(answer, 100*i, i, i); err != nil {
			return err
		}
	}
	return closeToOK(stream)
}

// closeToOK half-closes and wants nothing but the end with OK.
func closeToOK(stream pb.Peer_ChatClient) error {
	if err := stream.CloseSend(); err != nil {
		return err
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("not OK after the last answer: %v", err)
	}
	return nil
}

func chatHalfCloseAtOnce(c *client) error {
	for _, writes := range []int{0, 5} {
		ctx, cancel := c.deadline()
		defer cancel()
		stream, err := c.peer.Chat(ctx)
		if err != nil {
			return err
		}
		for range writes {
			request := &pb.Request{Payload: pattern(10), ResponseSize: 20, ResponseCount: 2}
			if err := ignoreEOF(stream.Send(request)); err != nil {
				return err
			}
		}
		if err := stream.CloseSend(); err != nil {
			return err
		}
		answers, err := readAll(&conversation{receive: stream.Recv})
		if err != nil {
			return err
		}
		if err := checkAll(answers, 2*writes, 20, 10); err != nil {
			return err
		}
	}
	return nil
}

func echoMetadata(c *client) error {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	initial := []string{"first", "second"}
	trailing := []string{string(all), "\xff", "\x80\xfe", "\x00\x01\x02"}
	sent := metadata.MD{"x-echo-initial": initial, "x-echo-trailing-bin": trailing}
	for _, kind := range kinds {
		ctx, cancel := c.deadline()
		defer cancel()
		call, err := c.start(metadata.NewOutgoingContext(ctx, sent), kind, &pb.Request{ResponseCount: 1}, false)
		if err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		if _, err := readAll(call); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		header, err := call.header()
		if err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		joined := strings.Join(header.Get("x-echo-initial"), ",")
		got := strings.Split(strings.ReplaceAll(joined, ", ", ","), ",")
		if !slices.Equal(got, initial) {
			return fmt.Errorf("%s: initial metadata %q", kind, got)
		}
		if got := call.trailer().Get("x-echo-trailing-bin"); !slices.Equal(got, trailing) {
			return fmt.Errorf("%s: trailing metadata %q", kind, got)
		}
	}
	return nil
}

func expectMessage(err error, code codes.Code) error {
	if err := expectCode(err, code); err != nil {
		return err
	}
	if got := status.Convert(err).Message(); !bytes.Equal([]byte(got), []byte(message)) {
		return fmt.Errorf("message %q", got)
	}
	return nil
}

func echoStatus(c *client) error {
	for code := int32(1); code <= 16; code++ {
		_, err := c.unary(&pb.Request{Status: &pb.EchoStatus{Code: code, Message: message}})
		if err := expectMessage(err, codes.Code(code)); err != nil {
			return err
		}
	}
	for i, kind := range kinds {
		count := []int{0, 2, 0, 1}[i]
		ctx, cancel := c.deadline()
		defer cancel()
		request := &pb.Request{
			ResponseCount: uint32(count), Status: &pb.EchoStatus{Code: 9, Message: message},
		}
		call, err := c.start(ctx, kind, request, false)
		if err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		answers, err := readAll(call)
		if err := expectMessage(err, codes.FailedPrecondition); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		if err := checkAll(answers, count, 0, 0); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

func unimplemented(c *client) error {
	ctx, cancel := c.deadline()
	defer cancel()
	_, missing := c.peer.Missing(ctx, &pb.Request{})
	_, nothing := c.absent.Nothing(ctx, &pb.Request{})
	return errors.Join(expectCode(missing, codes.Unimplemented), expectCode(nothing, codes.Unimplemented),
		unaryOf(1)(c))
}

func deadline(c *client) error {
	before, err := c.counts()
	if err != nil {
		return err
	}
	for _, kind := range kinds {
		begun := time.Now()
		ctx, cancel := context.WithTimeout(c.ctx, 300*time.Millisecond)
		defer cancel()
		call, err := c.start(ctx, kind, &pb.Request{SleepUntilCancelled: true}, true)
		if err == nil {
			_, err = readAll(call)
		}
		took := time.Since(begun)
		if err := expectCode(err, codes.DeadlineExceeded); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		if took < 250*time.Millisecond || took > 2*time.Second {
			return fmt.Errorf("%s: over after %v", kind, took)
		}
	}
	return c.until(func(seen *pb.CountsResponse) bool { return seen.Cancelled == before.Cancelled+4 },
		"the server did not see all 4 end")
}

func cancelAll(c *client) error {
	for _, kind := range kinds {
		if err := cancelOne(c, kind); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	return nil
}

func cancelOne(c *client, kind string) error {
	before, err := c.counts()
	if err != nil {
		return err
	}
	ctx, cancel := c.deadline()
	defer cancel()
	call, err := c.start(ctx, kind, &pb.Request{ResponseCount: 1, SleepUntilCancelled: true}, true)
	if err != nil {
		return err
	}
	if kind == "Download" || kind == "Chat" {
		answer, err := call.receive()
		if err != nil {
			return err
		}
		if err := check(answer, 0, 0, 0); err != nil {
			return err
		}
	}
	ended := make(chan error, 1)
	go func() {
		_, err := readAll(call)
		ended <- err
	}()
	err = c.until(func(seen *pb.CountsResponse) bool { return seen.Sleeping == before.Sleeping+1 },
		"the server did not sleep")
	if err != nil {
		return err
	}
	cancel()
	select {
	case err = <-ended:
	case <-time.After(2 * time.Second):
		return errors.New("not over after 2 s")
	}
	if err := expectCode(err, codes.Canceled); err != nil {
		return err
	}
	return c.until(func(seen *pb.CountsResponse) bool { return seen.Cancelled == before.Cancelled+1 },
		"the server saw no cancel")
}

// together runs 100 functions at once and returns the first error.
func together(one func(i int) error) error {
	ended := make(chan error, 100)
	for i := range 100 {
		go func() { ended <- one(i) }()
	}
	var first error
	for range 100 {
		if err := <-ended; err != nil && first == nil {
			first = err
		}
	}
	return first
}

func hundredAtOnce(c *client) error {
	err := together(func(i int) error {
		answer, err := c.unary(&pb.Request{Payload: pattern(i), ResponseSize: uint32(i), DelayMs: 100})
		if err != nil {
			return err
		}
		return check(answer, i, i, 0)
	})
	if err != nil {
		return err
	}
	var unread sync.WaitGroup
	unread.Add(100)
	return together(func(i int) error {
		ctx, cancel := c.deadline()
		defer cancel()
		stream, err := c.peer.Chat(ctx)
		if err == nil {
			request := &pb.Request{Payload: pattern(i), ResponseSize: uint32(i), ResponseCount: 1}
			err = ignoreEOF(stream.Send(request))
		}
		var answer *pb.Response
		if err == nil {
			answer, err = stream.Recv()
		}
		unread.Done()
		if err != nil {
			return fmt.Errorf("chat %d: %w", i, err)
		}
		if err := check(answer, i, i, 0); err != nil {
			return err
		}
		unread.Wait()
		return closeToOK(stream)
	})
}

func overLimit(c *client) error {
	for _, request := range []*pb.Request{{Payload: pattern(5 * mib)}, {ResponseSize: 5 * mib}} {
		_, err := c.unary(request)
		if err := expectCode(err, codes.ResourceExhausted); err != nil {
			return err
		}
	}
	return unaryOf(1)(c)
}
