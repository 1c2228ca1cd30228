// SPDX-License-Identifier: Apache-2.0
// One program with grpc_cpp_plugin's output and ours for the same files, as while a user migrates.
#include "clashes.grpc.pb.h"
#include "clashes.sluice.hpp"
#include "hello.grpc.pb.h"
#include "hello.sluice.hpp"
#include "streaming.grpc.pb.h"
#include "streaming.sluice.hpp"
#include "support/catch.hpp"

#include <grpcpp/grpcpp.h>

#include <string_view>
#include <type_traits>

namespace {

class theirs final : public helloworld::Greeter::Service {
 public:
  grpc::Status SayHello(grpc::ServerContext*, helloworld::HelloRequest const* request,
                        helloworld::HelloReply* reply) override {
    reply->set_message("Hello " + request->name());
    return grpc::Status::OK;
  }
};

class ours final : public helloworld::GreeterService {
 public:
  sluice::task<helloworld::HelloReply> SayHello(helloworld::HelloRequest request) override {
    return helloworld::GreeterService::SayHello(request);
  }
};

}  // namespace

TEST_CASE("both plugins' services for one file live in one program and have the same name") {
  theirs greeter;
  helloworld::HelloRequest request;
  request.set_name("sluice");
  helloworld::HelloReply reply;
  REQUIRE(greeter.SayHello(nullptr, &request, &reply).ok());
  CHECK(reply.message() == "Hello sluice");

  ours const service;
  CHECK(service.sluice_service_name() == helloworld::Greeter::service_full_name());
  CHECK(streaming::StreamsMethods::service_name == std::string_view{streaming::Streams::service_full_name()});
}

TEST_CASE("a service that is called like another's base class keeps both") {
  // clashes.BarService is grpc's class of that name; clashes.Bar's base class gives way.
  STATIC_REQUIRE_FALSE(std::is_base_of_v<sluice::service, clashes::BarService>);
  STATIC_REQUIRE(std::is_base_of_v<sluice::service, clashes::BarService_>);
  CHECK(clashes::BarMethods::service_name == std::string_view{clashes::Bar::service_full_name()});
  CHECK(clashes::BarServiceMethods::service_name ==
        std::string_view{clashes::BarService::service_full_name()});
}
