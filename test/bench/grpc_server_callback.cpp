// SPDX-License-Identifier: Apache-2.0
#include "bench.grpc.pb.h"
#include "grpc_server.hpp"

#include <grpcpp/alarm.h>

#include <chrono>
#include <string>

namespace bench {
namespace {

class download_reactor : public grpc::ServerWriteReactor<Message> {
 public:
  explicit download_reactor(Request const& request) : left_(request.count()) {
    message_.set_payload(std::string(request.size(), 'x'));
    next();
  }

  void OnWriteDone(bool ok) override {
    ok ? next() : Finish({grpc::StatusCode::CANCELLED, "the write failed"});
  }
  void OnDone() override { delete this; }

 private:
  void next() {
    if (left_ == 0) return Finish(grpc::Status::OK);
    if (--left_ == 0) return StartWriteAndFinish(&message_, {}, grpc::Status::OK);
    StartWrite(&message_, write_options(first_));
    first_ = false;
  }

  std::uint64_t left_;
  bool first_ = true;
  Message message_;
};

class upload_reactor : public grpc::ServerReadReactor<Message> {
 public:
  explicit upload_reactor(Summary& summary) : summary_(summary) { StartRead(&message_); }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    summary_.set_count(summary_.count() + 1);
    summary_.set_bytes(summary_.bytes() + message_.payload().size());
    StartRead(&message_);
  }
  void OnDone() override { delete this; }

 private:
  Summary& summary_;
  Message message_;
};

class both_reactor : public grpc::ServerBidiReactor<Message, Message> {
 public:
  both_reactor() { StartRead(&message_); }

  void OnReadDone(bool ok) override { ok ? StartWrite(&message_) : Finish(grpc::Status::OK); }
  void OnWriteDone(bool ok) override {
    ok ? StartRead(&message_) : Finish({grpc::StatusCode::CANCELLED, "the write failed"});
  }
  void OnDone() override { delete this; }

 private:
  Message message_;
};

// Finishes a call 5 ms later, on a timer of grpc's.
void finish_later(grpc::ServerUnaryReactor& reactor) {
  auto* const alarm = new grpc::Alarm;
  alarm->Set(std::chrono::system_clock::now() + std::chrono::milliseconds(5), [&reactor, alarm](bool) {
    reactor.Finish(grpc::Status::OK);
    delete alarm;
  });
}

class callback_service : public grpc_service, private Echo::CallbackService {
 public:
  explicit callback_service(bool slow) : slow_(slow) {}
  void add_to(grpc::ServerBuilder& builder) override { builder.RegisterService(this); }
  void serve(grpc::Server& server) override { server.Wait(); }

 private:
  grpc::ServerUnaryReactor* Unary(grpc::CallbackServerContext* context, Message const* request,
                                  Message* reply) override {
    *reply = *request;
    auto* const reactor = context->DefaultReactor();
    if (slow_ && request->payload().ends_with('s')) finish_later(*reactor);
    else reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  grpc::ServerWriteReactor<Message>* Download(grpc::CallbackServerContext*, Request const* request) override {
    return new download_reactor(*request);
  }
  grpc::ServerReadReactor<Message>* Upload(grpc::CallbackServerContext*, Summary* summary) override {
    return new upload_reactor(*summary);
  }
  grpc::ServerBidiReactor<Message, Message>* Both(grpc::CallbackServerContext*) override {
    return new both_reactor;
  }

  bool const slow_;
};

}  // namespace

std::unique_ptr<grpc_service> make_callback_service(bool slow) {
  return std::make_unique<callback_service>(slow);
}

}  // namespace bench
