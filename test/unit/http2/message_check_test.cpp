// SPDX-License-Identifier: Apache-2.0
#include "http2/message_check.hpp"
#include "http2/header_decoder.hpp"

#include "support/catch.hpp"
#include "unit/http2/machine.hpp"

using namespace sluice;
using namespace sluice::test;
using http2::side;

namespace {

/// One stream's messages, a list or some content at a time. Each: whether it is well-formed so far.
class message {
 public:
  explicit message(side receiver) noexcept : receiver_{receiver} {}
  bool list(fields const& of, bool end = false) {
    check_.begin_list(receiver_, std::exchange(first_, false));
    handed_on.clear();
    http2::received_list received;
    for (auto const& [name, value] : of)
      received.add({.name = name, .value = value}, http2::rule_of(http2::class_of(receiver_, name), value));
    check_.take(received);
    for (auto const& each : received.fields) handed_on.emplace_back(each.name, each.value);
    return check_.end_list(receiver_, end);
  }
  bool content(std::size_t size, bool end = false) {
    return check_.take_data(size) && (!end || check_.end());
  }
  fields handed_on;

 private:
  side receiver_;
  http2::message_check check_;
  bool first_ = true;
};

bool good_request(fields const& list) { return message{side::server}.list(list); }
fields with(fields list, std::string name, std::string value) {
  list.emplace_back(std::move(name), std::move(value));
  return list;
}
fields without(std::size_t index) {
  fields list = hello_request;
  list.erase(list.begin() + static_cast<std::ptrdiff_t>(index));
  return list;
}
fields changed(std::size_t index, std::string value) {
  fields list = hello_request;
  list[index].second = std::move(value);
  return list;
}

}  // namespace

TEST_CASE("a request has each of its pseudo-headers once, before everything else, and no other") {
  CHECK(good_request(hello_request));
  for (std::size_t i = 0; i != hello_request.size(); ++i) {
    INFO(hello_request[i].first);
    CHECK_FALSE(good_request(without(i)));
    CHECK_FALSE(good_request(changed(i, "")));
    CHECK_FALSE(good_request(changed(i, "\x01")));
    CHECK_FALSE(good_request(with(hello_request, hello_request[i].first, hello_request[i].second)));
    CHECK_FALSE(
        good_request(with(with(without(i), "x", "y"), hello_request[i].first, hello_request[i].second)));
  }
  for (auto const* const name : {":status", ":protocol", ":x", ":"})
    CHECK_FALSE(good_request(with(hello_request, name, "200")));
  CHECK(good_request(with(without(3), "host", "a")));  // in place of :authority
  CHECK_FALSE(good_request(with(with(hello_request, "host", "a"), "host", "a")));
}

TEST_CASE("a path begins with a slash, except that of OPTIONS for a whole server") {
  CHECK_FALSE(good_request(changed(2, "a/b")));
  CHECK_FALSE(good_request(changed(2, "*")));
  fields options = changed(2, "*");
  options[0].second = "OPTIONS";
  CHECK(good_request(options));
  CHECK(good_request({{":method", "CONNECT"}, {":authority", "host:1"}}));
  CHECK_FALSE(
      good_request(with({{":method", "CONNECT"}, {":authority", "host:1"}, {":path", "/"}}, "x", "y")));
}

TEST_CASE("a field that HTTP/2 does not allow makes its message malformed") {
  fields const bad{{"", "x"},
                   {"Upper", "x"},
                   {"a b", "x"},
                   {"a:b", "x"},
                   {"x", "a\nb"},
                   {"x", {"a\0b", 3}},
                   {"x", " a"},
                   {"x", "a "},
                   {"connection", "close"},
                   {"keep-alive", "1"},
                   {"upgrade", "h2c"},
                   {"proxy-connection", "x"},
                   {"transfer-encoding", "chunked"},
                   {"te", "gzip"}};
  fields const good{{"x", ""}, {"x", "a b\t\xc3\xa9"}, {"te", "Trailers"}, {"_.-~", "x"}};
  for (auto const& [name, value] : bad) {
    INFO(name << ": " << value);
    CHECK_FALSE(good_request(with(hello_request, name, value)));
    CHECK_FALSE(message{side::client}.list(with(ok_response, name, value)));
    message trailed{side::server};
    CHECK(trailed.list(hello_request));
    CHECK_FALSE(trailed.list({{name, value}}, true));
  }
  for (auto const& [name, value] : good) {
    INFO(name << ": " << value);
    CHECK(good_request(with(hello_request, name, value)));
    CHECK(message{side::client}.list(with(ok_response, name, value)));
  }
}

TEST_CASE("trailers end the stream, and have no pseudo-headers") {
  for (side const receiver : {side::server, side::client}) {
    fields const& first = receiver == side::server ? hello_request : ok_response;
    message good{receiver};
    CHECK((good.list(first) && good.content(5) && good.list({{"grpc-status", "0"}}, true)));
    message open{receiver};
    CHECK(open.list(first));
    CHECK_FALSE(open.list({{"grpc-status", "0"}}));
    message pseudo{receiver};
    CHECK(pseudo.list(first));
    CHECK_FALSE(pseudo.list({first.front()}, true));
  }
}

TEST_CASE("content is as long as its sender said") {
  auto const said = [](std::string value) { return with(hello_request, "content-length", std::move(value)); };
  message exact{side::server};
  CHECK((exact.list(said("5")) && exact.content(2) && exact.content(3, true)));
  message more{side::server};
  CHECK((more.list(said("5")) && more.content(5)));
  CHECK_FALSE(more.content(1));
  message less{side::server};
  CHECK((less.list(said("5")) && less.content(4)));
  CHECK_FALSE(less.content(0, true));
  CHECK_FALSE(message{side::server}.list(said("5"), true));
  CHECK(message{side::server}.list(said("0"), true));
  for (auto const* const value : {"", "-1", "+1", "1,1", "0x1", "9223372036854775808"}) {
    INFO(value);
    CHECK_FALSE(good_request(said(value)));
  }
  CHECK_FALSE(good_request(with(said("5"), "content-length", "5")));
}

TEST_CASE("a response has one status of three digits, and those of 1xx come before it") {
  for (auto const* const value : {"", "20", "2000", "2x0", "101"}) {
    INFO(value);
    CHECK_FALSE(message{side::client}.list({{":status", value}}));
  }
  CHECK_FALSE(message{side::client}.list({{"x", "y"}}));
  CHECK_FALSE(message{side::client}.list({{":status", "200"}, {":status", "200"}}));
  CHECK_FALSE(message{side::client}.list({{":status", "103"}}, true));
  message hinted{side::client};
  CHECK((hinted.list({{":status", "103"}, {"link", "x"}}) && hinted.list({{":status", "100"}}) &&
         hinted.list(ok_response) && hinted.content(1) && hinted.list({{"x", "y"}}, true)));
  message early{side::client};
  CHECK(early.list({{":status", "103"}}));
  CHECK_FALSE(early.content(1));
}

TEST_CASE("a response that has no content may say so, and sends none") {
  message empty{side::client};
  CHECK(empty.list({{":status", "204"}, {"content-length", "0"}}));
  CHECK(empty.handed_on == fields{{":status", "204"}});
  CHECK_FALSE(empty.content(1));
  CHECK_FALSE(message{side::client}.list({{":status", "204"}, {"content-length", "1"}}));
  CHECK(message{side::client}.list({{":status", "304"}, {"content-length", "9"}}, true));
}

TEST_CASE("what is malformed once stays it") {
  message wrong{side::server};
  CHECK_FALSE(wrong.list(with(hello_request, "Upper", "x")));
  CHECK_FALSE(wrong.content(1));
  CHECK_FALSE(wrong.list({{"x", "y"}}, true));
}

namespace {

struct client_expert final : http2::field_table::expert {
  void look_at(http2::known_field& found) const noexcept override {
    found.rule = http2::rule_of(http2::class_of(side::client, found.field.name), found.field.value);
  }
};

// A header block's list, as a client hands it on, from bytes that are gone afterwards.
fields list_of(http2::header_decoder& by, std::string block) {
  REQUIRE(by.decode(as_bytes(block)) == http2::header_decoder::outcome::decoded);
  http2::message_check check;
  check.begin_list(side::client, true);
  check.take(by.list());
  static_cast<void>(check.end_list(side::client, false));
  fields list;
  for (auto const& each : by.list().fields) list.emplace_back(each.name, each.value);
  by.release();
  return list;
}

std::string literal(std::string_view name, std::string_view value) {
  std::string block(1, '\0');
  for (auto const part : {name, value}) block.append(1, static_cast<char>(part.size())).append(part);
  return block;
}

}  // namespace

TEST_CASE("a malformed length in a list that comes again takes nothing else with it") {
  client_expert expert;
  http2::header_decoder decoder{expert, 16'384};
  std::string table = literal("content-length", "\x01") + literal("x", "y");
  table[0] = table[literal("content-length", "\x01").size()] = '\x40';  // into the table: 63 and 62
  list_of(decoder, table);
  for (std::string const& known : {std::string{"\x89\xbf"}, std::string{"\x89\xbf\xbe"}}) {
    fields const alone = list_of(decoder, known);
    list_of(decoder, known + literal("x-other", "a value of its own") + literal("content-length", "0"));
    fields const again = list_of(decoder, known + literal("content-length", "0"));
    CHECK(again.size() <= alone.size() + 1);
    CHECK(list_of(decoder, known) == alone);
  }
}
