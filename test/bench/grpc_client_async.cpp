// SPDX-License-Identifier: Apache-2.0
#include "grpc_client.hpp"

#include <grpcpp/grpcpp.h>

#include <deque>
#include <optional>

namespace bench {
namespace {

struct unary_slot {
  unary_slot(Echo::Stub& to, program_options const& options) : stub(to), request(make_message(options)) {}

  Echo::Stub& stub;
  Message request;
  Message reply;
  grpc::Status status;
  std::optional<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientAsyncResponseReader<Message>> reader;

  void begin(grpc::CompletionQueue& queue) {
    context.emplace();
    reader = stub.PrepareAsyncUnary(&*context, request, &queue);
    reader->StartCall();
    reader->Finish(&reply, &status, this);
  }
};

void* next(grpc::CompletionQueue& queue, bool& ok) {
  void* tag = nullptr;
  if (!queue.Next(&tag, &ok)) fail("the completion queue has ended");
  return tag;
}

void expect_next(grpc::CompletionQueue& queue) {
  bool ok = false;
  next(queue, ok);
  if (!ok) fail("an operation failed");
}

void run_unary(program_options const& options, stubs const& all) {
  grpc::CompletionQueue queue;
  std::deque<unary_slot> slots;
  for (auto const& stub : all) {
    for (unsigned i = 0; i < options.streams; ++i) slots.emplace_back(*stub, options);
  }
  auto to_start = options.calls;
  for (auto& each : slots) {
    if (to_start == 0) break;
    --to_start;
    each.begin(queue);
  }
  for (auto to_finish = options.calls; to_finish > 0; --to_finish) {
    bool ok = false;
    auto& slot = *static_cast<unary_slot*>(next(queue, ok));
    expect_ok(slot.status);
    expect_echo(options, slot.reply);
    if (to_start == 0) continue;
    --to_start;
    slot.begin(queue);
  }
}

void run_latency(program_options const& options, Echo::Stub& stub) {
  grpc::CompletionQueue queue;
  unary_slot slot(stub, options);
  call_times times(options);
  for (auto left = options.calls; left > 0; --left) {
    times.begin();
    slot.begin(queue);
    expect_next(queue);
    times.end();
    expect_ok(slot.status);
    expect_echo(options, slot.reply);
  }
  times.print();
}

void run_download(program_options const& options, Echo::Stub& stub) {
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  auto const reader = stub.PrepareAsyncDownload(&context, make_request(options), &queue);
  reader->StartCall(nullptr);
  expect_next(queue);
  Message message;
  std::uint64_t count = 0;
  for (bool ok = false;; ++count) {
    reader->Read(&message, nullptr);
    next(queue, ok);
    if (!ok) break;
    expect_echo(options, message);
  }
  grpc::Status status;
  reader->Finish(&status, nullptr);
  expect_next(queue);
  expect_ok(status);
  expect_count(options, count);
}

void run_upload(program_options const& options, Echo::Stub& stub) {
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  Summary summary;
  auto const writer = stub.PrepareAsyncUpload(&context, &summary, &queue);
  writer->StartCall(nullptr);
  expect_next(queue);
  auto const message = make_message(options);
  for (auto left = options.calls; left > 1; --left) {
    writer->Write(message, grpc::WriteOptions().set_buffer_hint(), nullptr);
    expect_next(queue);
  }
  writer->WriteLast(message, {}, nullptr);
  expect_next(queue);
  grpc::Status status;
  writer->Finish(&status, nullptr);
  expect_next(queue);
  expect_ok(status);
  expect_count(options, summary.count());
}

}  // namespace

void run_async_client(program_options const& options, stubs const& all) {
  if (options.kind == "unary") return run_unary(options, all);
  if (options.kind == "latency") return run_latency(options, *all[0]);
  if (options.kind == "download") return run_download(options, *all[0]);
  run_upload(options, *all[0]);
}

}  // namespace bench
