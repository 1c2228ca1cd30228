// SPDX-License-Identifier: Apache-2.0
#include "transport/preface.hpp"

#include "support/catch.hpp"

#include <string>

using namespace sluice;
using http2::side;
using transport::recognize_foreign;

namespace {

constexpr std::string_view http2_preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::string_view settings{"\0\0\0\4\0\0\0\0\0", 9};
constexpr std::string_view tls_hello{"\x16\x03\x01\x02\x00", 5};
constexpr std::string_view tls_alert{"\x15\x03\x03\x00\x02", 5};

transport::foreign_protocol at_server(std::string_view first) {
  return recognize_foreign(as_bytes(first), side::server);
}
transport::foreign_protocol at_client(std::string_view first) {
  return recognize_foreign(as_bytes(first), side::client);
}

}  // namespace

TEST_CASE("what may become HTTP/2 is not foreign, however little of it is there") {
  for (std::size_t size = 0; size <= http2_preface.size(); ++size)
    CHECK(at_server(http2_preface.substr(0, size)).text.empty());
  for (std::size_t size = 0; size <= settings.size(); ++size)
    CHECK(at_client(settings.substr(0, size)).text.empty());
}

TEST_CASE("a server knows HTTP/1.1 by its methods, and answers in its words") {
  for (std::string const method : {"GET", "POST", "HEAD", "PUT", "OPTIONS", "DELETE", "CONNECT"}) {
    INFO(method);
    auto const found = at_server(method + " / HTTP/1.1\r\n");
    CHECK(found.text == "the client speaks HTTP/1.1, not HTTP/2");
    CHECK(found.answer.starts_with("HTTP/1.1 505 "));
    // The method alone may still be the beginning of another word.
    CHECK(at_server(method).text.empty());
    CHECK(at_server(method + "X / HTTP/1.1").text.empty());
  }
}

TEST_CASE("the answer to HTTP/1.1 has the content-length that it says") {
  std::string_view const answer = at_server("GET / HTTP/1.1\r\n").answer;
  auto const head = answer.find("\r\n\r\n");
  REQUIRE(head != std::string_view::npos);
  std::string const length = "content-length: " + std::to_string(answer.size() - head - 4) + "\r\n";
  CHECK(answer.find(length) < head);
  CHECK(answer.find("connection: close\r\n") < head + 2);
}

TEST_CASE("the longest method fits in the first eight bytes") {
  CHECK_FALSE(at_server("CONNECT ").text.empty());
  CHECK_FALSE(at_server("OPTIONS ").text.empty());
}

TEST_CASE("TLS is named by either side, and gets no answer") {
  for (auto const& hello : {tls_hello, tls_alert}) {
    CHECK(at_server(hello).text == "the client speaks TLS, this port is cleartext");
    CHECK(at_server(hello).answer.empty());
    CHECK(at_client(hello).text == "the peer expects TLS on this port");
    CHECK(at_client(hello).answer.empty());
    CHECK(at_server(hello.substr(0, 1)).text.empty());
  }
}

TEST_CASE("a client knows an HTTP/1.x response, and not a request") {
  for (auto const* const response : {"HTTP/1.1 400 Bad Request\r\n", "HTTP/1.0 200 OK\r\n"}) {
    CHECK(at_client(response).text == "the peer speaks HTTP/1.1, not HTTP/2");
    CHECK(at_client(response).answer.empty());
    CHECK(at_server(response).text.empty());
  }
  CHECK(at_client("HTTP").text.empty());
  CHECK(at_client("GET / HTTP/1.1\r\n").text.empty());
}

TEST_CASE("a protocol without a name is left to HTTP/2 to refuse") {
  CHECK(at_server("SSH-2.0-OpenSSH_9.2\r\n").text.empty());
  CHECK(at_client("220 mail.example ESMTP\r\n").text.empty());
  CHECK(at_server("get / HTTP/1.1\r\n").text.empty());  // methods are case-sensitive
}
