// SPDX-License-Identifier: Apache-2.0
#include "wire/content_type.hpp"
#include "wire/encoding.hpp"

#include "support/catch.hpp"

using namespace sluice::wire;

TEST_CASE("the content types of gRPC with protobuf are accepted, with parameters and in any case") {
  for (std::string_view const value :
       {"application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8",
        "application/grpc ; x=y", "application/grpc+proto;messageType=a", "Application/gRPC",
        "APPLICATION/GRPC+PROTO", "application/grpc;"}) {
    INFO(value);
    CHECK(is_grpc_content_type(value));
  }
  CHECK(is_grpc_content_type(grpc_content_type));
}

TEST_CASE("other codecs and other protocols are not gRPC") {
  for (std::string_view const value :
       {"", ";", "application/grpc+", "application/grpc+json", "application/grpc+xyz",
        "application/grpc+proto2", "application/grpc+protobuf", "application/grpc-web",
        "application/grpc-web+proto", "application/grpcx", "application/grp", "application/json", "text/html",
        "text/plain; application/grpc", " application/grpc", "application/grpc, application/grpc",
        "application/proto"}) {
    INFO(value);
    CHECK(!is_grpc_content_type(value));
  }
  CHECK(!is_grpc_content_type(std::string_view{"application/grpc\0", 17}));
}

TEST_CASE("no encoding and identity mean the same") {
  CHECK(is_identity(""));
  CHECK(is_identity("identity"));
  CHECK(!is_identity("gzip"));
  CHECK(!is_identity("Identity "));
}
