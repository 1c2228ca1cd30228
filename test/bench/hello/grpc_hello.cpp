// SPDX-License-Identifier: Apache-2.0
// What sluice_hello.cpp does, on grpc C++.
#include "hello.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <iostream>
#include <string>

namespace {

class Greeter final : public helloworld::Greeter::CallbackService {
  grpc::ServerUnaryReactor* SayHello(grpc::CallbackServerContext* context,
                                     helloworld::HelloRequest const* request,
                                     helloworld::HelloReply* reply) override {
    reply->set_message("Hello " + request->name());
    auto* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

int greet(helloworld::Greeter::Stub& greeter) {
  helloworld::HelloRequest request;
  request.set_name("world");
  helloworld::HelloReply reply;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds{5});
  auto const status = greeter.SayHello(&context, request, &reply);
  if (!status.ok()) {
    std::cerr << status.error_message() << '\n';
    return 1;
  }
  std::cout << reply.message() << '\n';
  return 0;
}

}  // namespace

int main() {
  Greeter greeter;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&greeter);
  auto const server = builder.BuildAndStart();
  auto const channel =
      grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials());
  auto const stub = helloworld::Greeter::NewStub(channel);
  return greet(*stub);
}
