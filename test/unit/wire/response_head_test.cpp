// SPDX-License-Identifier: Apache-2.0
#include "wire/response_head.hpp"

#include "support/catch.hpp"
#include "support/received.hpp"

#include <string>
#include <utility>
#include <vector>

using namespace sluice;
using namespace sluice::wire;

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

}  // namespace

TEST_CASE("a gRPC response head is read") {
  header_block const block = block_of({{":status", "200"},
                                       {"content-type", "application/grpc+proto"},
                                       {"grpc-encoding", "gzip"},
                                       {"grpc-accept-encoding", "gzip"}});
  response_head head;
  CHECK(read_response_head(block, head) == errc::ok);
  CHECK(head.http_status == 200);
  CHECK(head.content_type == "application/grpc+proto");
  CHECK(head.encoding == "gzip");
  CHECK(head.accept_encoding == "gzip");
  CHECK(!head.informational());
}

TEST_CASE("an informational response is not judged") {
  response_head head;
  header_block const block = block_of({{":status", "103"}, {"link", "x"}});
  CHECK(read_response_head(block, head) == errc::ok);
  CHECK(head.informational());
}

TEST_CASE("another HTTP status or content-type is not gRPC") {
  response_head head;
  for (fields const& list : std::vector<fields>{{{":status", "503"}, {"content-type", "application/grpc"}},
                                                {{":status", "404"}, {"content-type", "text/html"}},
                                                {{":status", "200"}, {"content-type", "text/html"}},
                                                {{":status", "200"}},
                                                {{":status", "999"}}}) {
    header_block const block = block_of(list);
    CHECK(read_response_head(block, head) == errc::bad_content_type);
  }
}

TEST_CASE("a response without one status of three digits is malformed") {
  response_head head;
  for (fields const& list : std::vector<fields>{{},
                                                {{"content-type", "application/grpc"}},
                                                {{":status", ""}},
                                                {{":status", "20"}},
                                                {{":status", "2000"}},
                                                {{":status", "099"}},
                                                {{":status", "-20"}},
                                                {{":status", "+20"}},
                                                {{":status", "2 0"}},
                                                {{":status", "2xx"}},
                                                {{":status", "200"}, {":status", "200"}}}) {
    header_block const block = block_of(list);
    CHECK(read_response_head(block, head) == errc::bad_header);
  }
}

TEST_CASE("a response that is not gRPC says what it was") {
  response_head head;
  head.http_status = 503;
  head.content_type = "text/html";
  auto const why = status_without_grpc(head);
  CHECK(why.code() == code::unavailable);
  CHECK(why.who() == origin::local);
  CHECK(why.message() == "response is not gRPC: HTTP status 503, content-type \"text/html\"");
  head.http_status = 200;
  head.content_type = {};
  CHECK(status_without_grpc(head) ==
        status{code::unknown, "response is not gRPC: HTTP status 200, no content-type"});
}

TEST_CASE("an endless content-type does not make an endless message") {
  std::string const endless(100'000, 'x');
  response_head head;
  head.content_type = endless;
  CHECK(status_without_grpc(head).message().size() < 200);
}

TEST_CASE("a server writes its head in order, and the handler's metadata behind it") {
  response_head head;
  head.encoding = "gzip";
  head.accept_encoding = "identity,gzip";
  header_block out;
  write_response_head(head, {{"k", "v"}, {"b-bin", "foo"}}, out);
  CHECK(content_of(out) == fields{{":status", "200"},
                                  {"content-type", "application/grpc"},
                                  {"grpc-encoding", "gzip"},
                                  {"grpc-accept-encoding", "identity,gzip"},
                                  {"k", "v"},
                                  {"b-bin", "Zm9v"}});
  response_head back;
  CHECK(read_response_head(out, back) == errc::ok);
}

TEST_CASE("the plain head is two fields") {
  header_block out;
  write_response_head({}, {}, out);
  CHECK(content_of(out) == fields{{":status", "200"}, {"content-type", "application/grpc"}});
}

TEST_CASE("a refusal is a plain text response, and 405 names the method allowed") {
  header_block out;
  write_http_refusal({415, code::unknown, "text"}, out);
  CHECK(content_of(out) == fields{{":status", "415"}, {"content-type", "text/plain; charset=utf-8"}});
  out.clear();
  write_http_refusal({405, code::unknown, "text"}, out);
  CHECK(content_of(out) ==
        fields{{":status", "405"}, {"allow", "POST"}, {"content-type", "text/plain; charset=utf-8"}});
}
