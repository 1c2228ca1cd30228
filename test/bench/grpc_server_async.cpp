// SPDX-License-Identifier: Apache-2.0
#include "bench.grpc.pb.h"
#include "grpc_server.hpp"

#include <string>

namespace bench {
namespace {

// What the async interface needs of the service, and one call of it: a tag of the completion queue.
struct async_echo {
  Echo::AsyncService service;
  std::unique_ptr<grpc::ServerCompletionQueue> queue;
};

class async_call {
 public:
  explicit async_call(async_echo& echo) : echo_(echo) {}
  virtual ~async_call() = default;
  // The operation that was begun last is over.
  virtual void proceed(bool ok) = 0;

 protected:
  async_echo& echo_;
  grpc::ServerContext context_;
  bool requested_ = false;  // the call that was waited for has arrived
  bool finishing_ = false;
};

// Each class asks for the next call of its method as soon as its own has arrived, so that none waits.

class unary_call : public async_call {
 public:
  explicit unary_call(async_echo& echo) : async_call(echo), writer_(&context_) {
    echo_.service.RequestUnary(&context_, &message_, &writer_, echo_.queue.get(), echo_.queue.get(), this);
  }

  void proceed(bool ok) override {
    if (!ok || finishing_) {
      delete this;
      return;
    }
    new unary_call(echo_);
    finishing_ = true;
    writer_.Finish(message_, grpc::Status::OK, this);
  }

 private:
  Message message_;
  grpc::ServerAsyncResponseWriter<Message> writer_;
};

class download_call : public async_call {
 public:
  explicit download_call(async_echo& echo) : async_call(echo), writer_(&context_) {
    echo_.service.RequestDownload(&context_, &request_, &writer_, echo_.queue.get(), echo_.queue.get(), this);
  }

  void proceed(bool ok) override {
    if (!ok || finishing_) {
      delete this;
      return;
    }
    if (!requested_) {
      requested_ = true;
      new download_call(echo_);
      left_ = request_.count();
      message_.set_payload(std::string(request_.size(), 'x'));
    }
    if (left_ > 0) {
      --left_;
      writer_.Write(message_, write_options(first_), this);
      first_ = false;
    } else {
      finishing_ = true;
      writer_.Finish(grpc::Status::OK, this);
    }
  }

 private:
  Request request_;
  Message message_;
  std::uint64_t left_ = 0;
  bool first_ = true;
  grpc::ServerAsyncWriter<Message> writer_;
};

class upload_call : public async_call {
 public:
  explicit upload_call(async_echo& echo) : async_call(echo), reader_(&context_) {
    echo_.service.RequestUpload(&context_, &reader_, echo_.queue.get(), echo_.queue.get(), this);
  }

  void proceed(bool ok) override {
    if (finishing_ || (!ok && !requested_)) {
      delete this;
      return;
    }
    if (!requested_) {
      requested_ = true;
      new upload_call(echo_);
    } else if (ok) {
      summary_.set_count(summary_.count() + 1);
      summary_.set_bytes(summary_.bytes() + message_.payload().size());
    } else {
      finishing_ = true;
      reader_.Finish(summary_, grpc::Status::OK, this);
      return;
    }
    reader_.Read(&message_, this);
  }

 private:
  Message message_;
  Summary summary_;
  grpc::ServerAsyncReader<Summary, Message> reader_;
};

class both_call : public async_call {
 public:
  explicit both_call(async_echo& echo) : async_call(echo), stream_(&context_) {
    echo_.service.RequestBoth(&context_, &stream_, echo_.queue.get(), echo_.queue.get(), this);
  }

  void proceed(bool ok) override {
    if (finishing_ || (!ok && !requested_)) {
      delete this;
      return;
    }
    if (!requested_) {
      requested_ = true;
      new both_call(echo_);
    } else if (!ok) {
      finishing_ = true;
      stream_.Finish(grpc::Status::OK, this);
      return;
    }
    reading_ = !reading_;
    if (reading_) stream_.Read(&message_, this);
    else stream_.Write(message_, this);
  }

 private:
  bool reading_ = false;
  Message message_;
  grpc::ServerAsyncReaderWriter<Message, Message> stream_;
};

class async_service : public grpc_service {
 public:
  void add_to(grpc::ServerBuilder& builder) override {
    builder.RegisterService(&echo_.service);
    echo_.queue = builder.AddCompletionQueue();
  }

  void serve(grpc::Server&) override {
    for (int i = 0; i < 1000; ++i)
      new unary_call(echo_);  // waiting for calls, so that bursts need no matching later
    new download_call(echo_);
    new upload_call(echo_);
    new both_call(echo_);
    void* tag = nullptr;
    bool ok = false;
    while (echo_.queue->Next(&tag, &ok)) static_cast<async_call*>(tag)->proceed(ok);
  }

  void stop() override { echo_.queue->Shutdown(); }

 private:
  async_echo echo_;
};

}  // namespace

std::unique_ptr<grpc_service> make_async_service() { return std::make_unique<async_service>(); }

}  // namespace bench
