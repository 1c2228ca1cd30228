// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	pb "sluice/interop/interoppb"
)

const (
	caseLimit    = 20 * time.Second
	callDeadline = 15 * time.Second
	mib          = 1 << 20
)

var kinds = []string{"Unary", "Download", "Upload", "Chat"}

// client is what a case gets: the stubs, and the context that bounds the case.
type client struct {
	ctx    context.Context
	peer   pb.PeerClient
	absent pb.AbsentClient
}

// deadline gives the context of one ordinary call.
func (c *client) deadline() (context.Context, context.CancelFunc) {
	return context.WithTimeout(c.ctx, callDeadline)
}

// conversation drives a call of any kind as a sequence of answers.
type conversation struct {
	receive func() (*pb.Response, error) // io.EOF: ended with OK
	header  func() (metadata.MD, error)
	trailer func() metadata.MD
}

// start begins a call of this kind and sends one request. A Unary call or an Upload runs in receive().
func (c *client) start(ctx context.Context, kind string, request *pb.Request,
	keepOpen bool) (*conversation, error) {
	switch kind {
	case "Unary":
		var header, trailer metadata.MD
		return onlyAnswer(func() (*pb.Response, error) {
			return c.peer.Unary(ctx, request, grpc.Header(&header), grpc.Trailer(&trailer))
		}, func() (metadata.MD, error) { return header, nil }, func() metadata.MD { return trailer }), nil
	case "Download":
		stream, err := c.peer.Download(ctx, request)
		if err != nil {
			return nil, err
		}
		return &conversation{stream.Recv, stream.Header, stream.Trailer}, nil
	case "Upload":
		stream, err := c.peer.Upload(ctx)
		if err != nil {
			return nil, err
		}
		if err := ignoreEOF(stream.Send(request)); err != nil {
			return nil, err
		}
		return onlyAnswer(func() (*pb.Response, error) {
			if keepOpen {
				answer := &pb.Response{}
				return answer, stream.RecvMsg(answer)
			}
			return stream.CloseAndRecv()
		}, stream.Header, stream.Trailer), nil
	default:
		stream, err := c.peer.Chat(ctx)
		if err != nil {
			return nil, err
		}
		if err := ignoreEOF(stream.Send(request)); err != nil {
			return nil, err
		}
		if !keepOpen {
			if err := stream.CloseSend(); err != nil {
				return nil, err
			}
		}
		return &conversation{stream.Recv, stream.Header, stream.Trailer}, nil
	}
}

// onlyAnswer makes a sequence of one answer and then io.EOF.
func onlyAnswer(get func() (*pb.Response, error), header func() (metadata.MD, error),
	trailer func() metadata.MD) *conversation {
	done := false
	return &conversation{func() (*pb.Response, error) {
		if done {
			return nil, io.EOF
		}
		done = true
		return get()
	}, header, trailer}
}

// ignoreEOF: a send that finds the stream ended says io.EOF, and receive says why.
func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// readAll returns the answers up to the call's end, and its error unless it is OK.
func readAll(call *conversation) ([]*pb.Response, error) {
	var answers []*pb.Response
	for {
		answer, err := call.receive()
		if errors.Is(err, io.EOF) {
			return answers, nil
		}
		if err != nil {
			return answers, err
		}
		answers = append(answers, answer)
	}
}

func check(answer *pb.Response, size, received, index int) error {
	switch {
	case !bytes.Equal(answer.Payload, pattern(size)):
		return fmt.Errorf("answer %d: %d bytes, not %d of the pattern", index, len(answer.Payload), size)
	case answer.ReceivedBytes != uint64(received):
		return fmt.Errorf("the server got %d bytes, not %d", answer.ReceivedBytes, received)
	case answer.Index != uint32(index):
		return fmt.Errorf("answer %d where %d was due", answer.Index, index)
	case answer.Corrupt:
		return errors.New("the request came to the server corrupt")
	}
	return nil
}

func checkAll(answers []*pb.Response, count, size, received int) error {
	if len(answers) != count {
		return fmt.Errorf("%d answers, not %d", len(answers), count)
	}
	for i, answer := range answers {
		if err := check(answer, size, received, i); err != nil {
			return err
		}
	}
	return nil
}

func expectCode(err error, want codes.Code) error {
	if got := status.Code(err); got != want {
		return fmt.Errorf("%v (%v), not %v", got, err, want)
	}
	return nil
}

func (c *client) counts() (*pb.CountsResponse, error) {
	ctx, cancel := c.deadline()
	defer cancel()
	return c.peer.Counts(ctx, &pb.CountsRequest{})
}

// until asks the server until the fact holds, for 5 s at most.
func (c *client) until(fact func(*pb.CountsResponse) bool, why string) error {
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		seen, err := c.counts()
		if err != nil {
			return err
		}
		if fact(seen) {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s: %d cancelled, %d sleeping", why, seen.Cancelled, seen.Sleeping)
		}
	}
}

func runCases(target, name string) int {
	connection, err := grpc.NewClient("passthrough:///"+target,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(messageLimit), grpc.MaxCallSendMsgSize(sendLimit)))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	defer connection.Close()
	code, ran := 0, false
	for _, one := range cases {
		if name != "all" && name != one.name {
			continue
		}
		ran = true
		ctx, cancel := context.WithTimeout(context.Background(), caseLimit)
		err := one.run(&client{ctx, pb.NewPeerClient(connection), pb.NewAbsentClient(connection)})
		cancel()
		if err == nil {
			fmt.Printf("PASS %s\n", one.name)
		} else {
			fmt.Printf("FAIL %s: %s\n", one.name, strings.ReplaceAll(err.Error(), "\n", " "))
			code = 1
		}
	}
	if !ran {
		fmt.Fprintf(os.Stderr, "no case %s\n", name)
		return 2
	}
	return code
}
