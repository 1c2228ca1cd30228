// SPDX-License-Identifier: Apache-2.0
#include "wire/request_head.hpp"

#include "support/catch.hpp"
#include "support/received.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

using namespace sluice;
using namespace sluice::wire;
using namespace std::chrono_literals;

namespace {

using fields = std::vector<std::pair<std::string, std::string>>;

header_block block_of(fields const& list) {
  header_block block;
  for (auto const& [name, value] : list) block.add(name, value);
  return block;
}

fields content_of(header_block const& block) {
  fields all;
  for (auto const [name, value] : block) all.emplace_back(name, value);
  return all;
}

fields good() {
  return {{":method", "POST"},      {":scheme", "http"}, {":path", "/helloworld.Greeter/SayHello"},
          {":authority", "a.test"}, {"te", "trailers"},  {"content-type", "application/grpc"}};
}

// The good request with every `name` replaced by one field for each value.
fields with(std::string const& name, std::vector<std::string> const& values) {
  fields list;
  for (auto& field : good())
    if (field.first != name) list.push_back(field);
  for (auto const& value : values) list.emplace_back(name, value);
  return list;
}

request_verdict judge(fields const& list) {
  header_block const block = block_of(list);
  request_head head;
  return read_request_head(block, head);
}

}  // namespace

TEST_CASE("a whole request head is read") {
  auto list = good();
  list.insert(list.end(), {{"user-agent", "grpc-go/1.85"},
                           {"grpc-timeout", "250m"},
                           {"grpc-encoding", "gzip"},
                           {"grpc-accept-encoding", "gzip,identity"},
                           {"x-user", "u"}});
  header_block const block = block_of(list);
  request_head head;
  CHECK(read_request_head(block, head).accepted());
  CHECK(head.path == "/helloworld.Greeter/SayHello");
  CHECK(head.scheme == "http");
  CHECK(head.authority == "a.test");
  CHECK(head.content_type == "application/grpc");
  CHECK(head.user_agent == "grpc-go/1.85");
  CHECK(head.timeout == 250ms);
  CHECK(head.encoding == "gzip");
  CHECK(head.accept_encoding == "gzip,identity");
}

TEST_CASE("reading a head forgets the one before") {
  header_block const full = block_of(with("grpc-timeout", {"1S"}));
  header_block const bare = block_of(with(":authority", {}));
  request_head head;
  REQUIRE(read_request_head(full, head).accepted());
  REQUIRE(read_request_head(bare, head).accepted());
  CHECK(!head.timeout);
  CHECK(head.authority.empty());
}

TEST_CASE("a method other than POST is 405, even without a content-type") {
  for (auto const& method : {"GET", "PUT", "post", "POST ", ""}) {
    INFO(method);
    CHECK(judge(with(":method", {method})).http_status == 405);
  }
  CHECK(judge(with(":method", {})).http_status == 405);
  CHECK(judge(with(":method", {"POST", "POST"})).http_status == 405);
  CHECK(judge({{":method", "GET"}, {":path", "/"}}).http_status == 405);
  CHECK(judge({}).http_status == 405);
}

TEST_CASE("a content-type that is not gRPC's is 415 with a text") {
  for (std::vector<std::string> const& values :
       std::vector<std::vector<std::string>>{{},
                                             {"application/json"},
                                             {"application/grpc+xyz"},
                                             {""},
                                             {"application/grpc", "application/grpc"}}) {
    auto const verdict = judge(with("content-type", values));
    CHECK(!verdict.accepted());
    CHECK(verdict.http_status == 415);
    CHECK(!verdict.text.empty());
  }
}

TEST_CASE("a request without one path is 400") {
  CHECK(judge(with(":path", {})).http_status == 400);
  CHECK(judge(with(":path", {""})).http_status == 400);
  CHECK(judge(with(":path", {"/a/b", "/c/d"})).http_status == 400);
}

TEST_CASE("a path without a leading slash is UNIMPLEMENTED") {
  for (auto const& path : {"helloworld.Greeter/SayHello", "*", "http://host/a/b", "%2fa/b", " /a/b"}) {
    INFO(path);
    auto const verdict = judge(with(":path", {path}));
    CHECK(!verdict.accepted());
    CHECK(verdict.http_status == 200);
    CHECK(verdict.code == code::unimplemented);
  }
}

TEST_CASE("the path is handed on byte for byte") {
  for (std::string const path : {"/", "//svc/m", "/svc%2fm", "/svc/m?x", "/svc/m/", "/a/../b/c"}) {
    header_block const block = block_of(with(":path", {path}));
    request_head head;
    CHECK(read_request_head(block, head).accepted());
    CHECK(head.path == path);
  }
}

TEST_CASE("a malformed or doubled timeout is INTERNAL") {
  for (std::vector<std::string> const& values : std::vector<std::vector<std::string>>{
           {""}, {"1"}, {"123456789S"}, {"-1S"}, {"1S", "1S"}, {"1S", "2S"}, {"x", "1S"}}) {
    auto const verdict = judge(with("grpc-timeout", values));
    CHECK(verdict.http_status == 200);
    CHECK(verdict.code == code::internal);
    CHECK(verdict.text == "malformed grpc-timeout");
  }
}

TEST_CASE("a timeout beyond the clock or of zero is accepted") {
  for (auto const& [text, expected] :
       {std::pair{"99999999H", duration::max()}, std::pair{"0n", duration::zero()}}) {
    header_block const block = block_of(with("grpc-timeout", {text}));
    request_head head;
    CHECK(read_request_head(block, head).accepted());
    CHECK(head.timeout == expected);
  }
}

TEST_CASE("te may be missing") { CHECK(judge(with("te", {})).accepted()); }

TEST_CASE("host stands in for a missing authority, and yields to a present one") {
  auto list = with(":authority", {});
  list.emplace_back("host", "h.test");
  header_block const without = block_of(list);
  request_head head;
  REQUIRE(read_request_head(without, head).accepted());
  CHECK(head.authority == "h.test");
  list = good();
  list.insert(list.begin(), {"host", "h.test"});
  header_block const both = block_of(list);
  REQUIRE(read_request_head(both, head).accepted());
  CHECK(head.authority == "a.test");
}

TEST_CASE("a client writes its head in order, and the user's metadata behind it") {
  request_head head;
  head.path = "/helloworld.Greeter/SayHello";
  head.authority = "a.test:50051";
  head.user_agent = "sluice/0.1";
  head.timeout = 1s;
  head.encoding = "gzip";
  head.accept_encoding = "identity,gzip";
  header_block out;
  write_common_head(head, out);
  write_own_head(head, {{"x-b", "1"}, {"x-a", "2"}, {"x-b", "3"}, {"t-bin", "\xab\xab\xab"}}, out);
  CHECK(content_of(out) == fields{{":method", "POST"},
                                  {":scheme", "http"},
                                  {":path", "/helloworld.Greeter/SayHello"},
                                  {":authority", "a.test:50051"},
                                  {"te", "trailers"},
                                  {"content-type", "application/grpc"},
                                  {"user-agent", "sluice/0.1"},
                                  {"grpc-accept-encoding", "identity,gzip"},
                                  {"grpc-timeout", "1000000u"},
                                  {"grpc-encoding", "gzip"},
                                  {"x-b", "1"},
                                  {"x-a", "2"},
                                  {"x-b", "3"},
                                  {"t-bin", "q6ur"}});
}

TEST_CASE("what a head does not have is not written") {
  request_head head;
  head.path = "/s/m";
  header_block out;
  write_common_head(head, out);
  write_own_head(head, {}, out);
  CHECK(content_of(out) == fields{{":method", "POST"},
                                  {":scheme", "http"},
                                  {":path", "/s/m"},
                                  {"te", "trailers"},
                                  {"content-type", "application/grpc"}});
}

TEST_CASE("values that will not come again are kept out of the HPACK table") {
  request_head head;
  head.path = "/s/m";
  head.timeout = 123us;
  header_block out;
  write_common_head(head, out);
  write_own_head(head, {{"plain", "v"}, {"id-bin", "v"}}, out);
  for (std::size_t i = 0; i < out.size(); ++i) {
    INFO(out[i].name);
    CHECK(out.indexed(i) == (out[i].name != "grpc-timeout" && out[i].name != "id-bin"));
  }
}

TEST_CASE("a written head is accepted and reads back the same") {
  request_head head;
  head.path = "/s/m";
  head.scheme = "https";
  head.authority = "a.test";
  head.timeout = 90s;
  metadata const sent{{"k", "v"}, {"b-bin", std::string_view{"\0\xff", 2}}, {"k", "w"}};
  header_block out;
  write_common_head(head, out);
  write_own_head(head, sent, out);
  request_head back;
  REQUIRE(read_request_head(out, back).accepted());
  CHECK(back.path == head.path);
  CHECK(back.scheme == head.scheme);
  CHECK(back.authority == head.authority);
  CHECK(back.timeout == head.timeout);
  metadata received;
  REQUIRE(read_metadata(out, received) == errc::ok);
  CHECK(received == sent);
}
