// SPDX-License-Identifier: Apache-2.0
#include "grpc_client.hpp"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdlib>
#include <deque>
#include <future>
#include <optional>

namespace bench {
namespace {

struct closed_loop {
  program_options const& options;
  std::atomic<std::int64_t> to_start;
  std::atomic<std::int64_t> to_finish;
  std::promise<void> finished;
};

class unary_slot {
 public:
  unary_slot(closed_loop& loop, Echo::Stub& stub)
      : loop_(loop), stub_(stub), request_(make_message(loop.options)) {}

  void begin() {
    if (loop_.to_start.fetch_sub(1, std::memory_order_relaxed) <= 0) return;
    context_.emplace();
    stub_.async()->Unary(&*context_, &request_, &reply_, [this](grpc::Status const& status) {
      expect_ok(status);
      expect_echo(loop_.options, reply_);
      if (loop_.to_finish.fetch_sub(1) == 1) return loop_.finished.set_value();
      begin();
    });
  }

 private:
  closed_loop& loop_;
  Echo::Stub& stub_;
  Message const request_;
  Message reply_;
  std::optional<grpc::ClientContext> context_;
};

// Starts each call from the callback of the one before, as one would who has no thread to spare.
class latency_caller {
 public:
  latency_caller(program_options const& options, Echo::Stub& stub)
      : options_(options), stub_(stub), request_(make_message(options)), left_(options.calls),
        times_(options) {
    begin();
  }

  void wait() {
    finished_.get_future().wait();
    times_.print();
  }

 private:
  void begin() {
    context_.emplace();
    times_.begin();
    stub_.async()->Unary(&*context_, &request_, &reply_, [this](grpc::Status const& status) {
      times_.end();
      expect_ok(status);
      expect_echo(options_, reply_);
      if (--left_ == 0) return finished_.set_value();
      begin();
    });
  }

  program_options const& options_;
  Echo::Stub& stub_;
  Message const request_;
  Message reply_;
  std::uint64_t left_;
  call_times times_;
  std::promise<void> finished_;
  std::optional<grpc::ClientContext> context_;
};

class download_reader : public grpc::ClientReadReactor<Message> {
 public:
  download_reader(program_options const& options, Echo::Stub& stub)
      : options_(options), request_(make_request(options)) {
    stub.async()->Download(&context_, &request_, this);
    StartRead(&message_);
    StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    expect_echo(options_, message_);
    ++count_;
    StartRead(&message_);
  }
  void OnDone(grpc::Status const& status) override {
    expect_ok(status);
    finished_.set_value();
  }
  void wait() {
    finished_.get_future().wait();
    expect_count(options_, count_);
  }

 private:
  program_options const& options_;
  Request const request_;
  Message message_;
  std::uint64_t count_ = 0;
  std::promise<void> finished_;
  grpc::ClientContext context_;
};

class upload_writer : public grpc::ClientWriteReactor<Message> {
 public:
  upload_writer(program_options const& options, Echo::Stub& stub)
      : options_(options), message_(make_message(options)), left_(options.calls) {
    stub.async()->Upload(&context_, &summary_, this);
    next();
    StartCall();
  }

  void OnWriteDone(bool ok) override {
    if (ok && left_ > 0) next();
  }
  void OnDone(grpc::Status const& status) override {
    expect_ok(status);
    finished_.set_value();
  }
  void wait() {
    finished_.get_future().wait();
    expect_count(options_, summary_.count());
  }

 private:
  void next() {
    if (--left_ == 0) StartWriteLast(&message_, {});
    else StartWrite(&message_, grpc::WriteOptions().set_buffer_hint());
  }

  program_options const& options_;
  Message const message_;
  std::uint64_t left_;
  Summary summary_;
  std::promise<void> finished_;
  grpc::ClientContext context_;
};

class both_ways : public grpc::ClientBidiReactor<Message, Message> {
 public:
  both_ways(program_options const& options, Echo::Stub& stub)
      : options_(options), message_(make_message(options)), left_(options.calls) {
    stub.async()->Both(&context_, this);
    write();
    StartRead(&reply_);
    StartCall();
  }

  void OnWriteDone(bool ok) override {
    if (ok && left_ > 0) write();
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    expect_echo(options_, reply_);
    ++count_;
    StartRead(&reply_);
  }
  void OnDone(grpc::Status const& status) override {
    expect_ok(status);
    finished_.set_value();
  }
  void wait() {
    finished_.get_future().wait();
    expect_count(options_, count_);
  }

 private:
  void write() {
    if (--left_ == 0) StartWriteLast(&message_, {});
    else StartWrite(&message_, grpc::WriteOptions().set_buffer_hint());
  }

  program_options const& options_;
  Message const message_;
  Message reply_;
  std::uint64_t left_;
  std::uint64_t count_ = 0;
  std::promise<void> finished_;
  grpc::ClientContext context_;
};

// Streams that are used once and stay open.
struct idle_streams {
  std::atomic<std::size_t> to_open;
  std::promise<void> open;
};

class idle_stream : public grpc::ClientBidiReactor<Message, Message> {
 public:
  idle_stream(Echo::Stub& stub, Message const& message, idle_streams& all) : all_(all) {
    stub.async()->Both(&context_, this);
    StartWrite(&message);
    StartRead(&reply_);
    StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) fail("a stream ended");
    if (all_.to_open.fetch_sub(1) == 1) all_.open.set_value();
  }

 private:
  idle_streams& all_;
  Message reply_;
  grpc::ClientContext context_;
};

void run_idle(program_options const& options, stubs const& all) {
  auto const message = make_message(options);
  idle_streams streams{all.size() * options.streams, {}};
  std::deque<idle_stream> held;
  for (auto const& stub : all) {
    for (unsigned i = 0; i < options.streams; ++i) held.emplace_back(*stub, message, streams);
  }
  streams.open.get_future().wait();
  pause_warm();
  print_result(held.size(), {});
  std::_Exit(0);  // what it held open is not of interest any more
}

void run_unary(program_options const& options, stubs const& all) {
  auto const calls = static_cast<std::int64_t>(options.calls);
  closed_loop loop{options, calls, calls, {}};
  std::deque<unary_slot> slots;
  for (auto const& stub : all) {
    for (unsigned i = 0; i < options.streams; ++i) slots.emplace_back(loop, *stub);
  }
  auto finished = loop.finished.get_future();
  for (auto& each : slots) each.begin();
  finished.wait();
}

}  // namespace

void run_callback_client(program_options const& options, stubs const& all) {
  if (options.kind == "unary") return run_unary(options, all);
  if (options.kind == "idle") return run_idle(options, all);
  if (options.kind == "latency") return latency_caller(options, *all[0]).wait();
  if (options.kind == "download") return download_reader(options, *all[0]).wait();
  if (options.kind == "both") return both_ways(options, *all[0]).wait();
  upload_writer(options, *all[0]).wait();
}

}  // namespace bench
