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

TEST_CASE("another codec is what stands behind the plus, when it is a name") {
  using sluice::wire::subtype_of;
  CHECK(subtype_of("application/grpc+json") == "json");
  CHECK(subtype_of("Application/GRPC+json; charset=utf-8") == "json");
  CHECK(subtype_of("application/grpc+x.y-z_1") == "x.y-z_1");
  for (std::string_view const value :
       {"", "application/grpc", "application/grpc+", "application/grpc+;x", "application/grpc+JSON",
        "application/grpc+a b", "application/grpc-web+json", "application/grpc+a/b"}) {
    INFO(value);
    CHECK(subtype_of(value).empty());
  }
}
