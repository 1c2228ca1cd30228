// SPDX-License-Identifier: Apache-2.0
#include "wire/trailers.hpp"

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

fields content_of(header_block const& block) {
  fields all;
  for (auto const [name, value] : block) all.emplace_back(name, value);
  return all;
}

struct reading {
  errc error;
  status outcome;
  metadata entries;
};

reading read(fields const& list) {
  header_block block;
  for (auto const& [name, value] : list) block.add(name, value);
  reading r{};
  r.error = read_trailers(block, r.outcome, r.entries);
  return r;
}

}  // namespace

TEST_CASE("the trailers of a good call are one field") {
  header_block out;
  write_trailers(status{}, {}, out);
  CHECK(content_of(out) == fields{{"grpc-status", "0"}});
}

TEST_CASE("a failed call's trailers carry code, message, details and metadata in order") {
  header_block out;
  write_trailers(status{code::not_found, "no \xe2\x98\xba"}.with_details("foob"),
                 {{"k", "v"}, {"b-bin", "f"}}, out);
  CHECK(content_of(out) == fields{{"grpc-status", "5"},
                                  {"grpc-message", "no %E2%98%BA"},
                                  {"grpc-status-details-bin", "Zm9vYg"},
                                  {"k", "v"},
                                  {"b-bin", "Zg"}});
  CHECK(out.indexed(0));
  CHECK(!out.indexed(1));
  CHECK(!out.indexed(2));
}

TEST_CASE("an empty message is not written") {
  header_block out;
  write_trailers(status{code::unauthenticated}, {}, out);
  CHECK(content_of(out) == fields{{"grpc-status", "16"}});
}

TEST_CASE("a good call's trailers carry neither message nor details") {
  header_block out;
  write_trailers(status{}.with_details("x"), {}, out);
  CHECK(content_of(out) == fields{{"grpc-status", "0"}});
}

TEST_CASE("a code outside the table is written as UNKNOWN") {
  for (int value : {17, 255}) {
    header_block out;
    write_trailers(status{static_cast<code>(value)}, {}, out);
    CHECK(out.find("grpc-status") == "2");
  }
}

TEST_CASE("trailers-only puts status and content-type in front, and reads as both") {
  header_block out;
  write_trailers_only(status{code::unimplemented, "what?"}, {{"k", "v"}}, out);
  CHECK(content_of(out) == fields{{":status", "200"},
                                  {"content-type", "application/grpc"},
                                  {"grpc-status", "12"},
                                  {"grpc-message", "what?"},
                                  {"k", "v"}});
  response_head head;
  CHECK(read_response_head(out, head) == errc::ok);
  status outcome;
  metadata entries;
  CHECK(read_trailers(out, outcome, entries) == errc::ok);
  CHECK(outcome == status{code::unimplemented, "what?"});
  CHECK(entries == metadata{{"k", "v"}});
}

TEST_CASE("each code reads back with the peer as its origin") {
  for (int value = 0; value <= 16; ++value) {
    auto const sent = status{static_cast<code>(value), "why \n"};
    header_block block;
    write_trailers(sent, {}, block);
    status outcome;
    metadata entries;
    REQUIRE(read_trailers(block, outcome, entries) == errc::ok);
    CHECK(outcome == sent);
    CHECK(outcome.who() == origin::peer);
  }
}

TEST_CASE("details come back byte for byte") {
  auto const sent = status{code::aborted, "m"}.with_details(std::string("\0\xff\x80", 3));
  header_block block;
  write_trailers(sent, {}, block);
  status outcome;
  metadata entries;
  REQUIRE(read_trailers(block, outcome, entries) == errc::ok);
  CHECK(outcome == sent);
}

TEST_CASE("a number outside the table and no number at all are UNKNOWN") {
  for (auto const& text :
       {"17", "99", "-1", "+5", "", " 5", "5 ", "5x", "x", "4294967296", "99999999999999999999", "0x5"}) {
    INFO(text);
    auto const r = read({{"grpc-status", text}});
    CHECK(r.error == errc::ok);
    CHECK(r.outcome.code() == code::unknown);
    CHECK(r.outcome.who() == origin::peer);
    CHECK(r.outcome.message() == "peer sent grpc-status \"" + std::string{text} + "\"");
  }
  CHECK(read({{"grpc-status", "17"}, {"grpc-message", "mine"}}).outcome == status{code::unknown, "mine"});
}

TEST_CASE("leading zeros do not change a code") {
  CHECK(read({{"grpc-status", "05"}}).outcome.code() == code::not_found);
}

TEST_CASE("trailers without a status are missing it, and the outcome is left alone") {
  header_block block;
  block.add("grpc-message", "m");
  block.add("k", "v");
  status outcome{code::aborted, "kept"};
  metadata entries;
  CHECK(read_trailers(block, outcome, entries) == errc::missing_status);
  CHECK(outcome == status{code::aborted, "kept"});
  CHECK(read({}).error == errc::missing_status);
}

TEST_CASE("two statuses are a bad header, even when they agree") {
  CHECK(read({{"grpc-status", "0"}, {"grpc-status", "0"}}).error == errc::bad_header);
  CHECK(read({{"grpc-status", "0"}, {"k", "v"}, {"grpc-status", "13"}}).error == errc::bad_header);
}

TEST_CASE("a bad percent in the message harms nothing") {
  CHECK(read({{"grpc-status", "2"}, {"grpc-message", "100% %zz %41"}}).outcome.message() == "100% %zz A");
}

TEST_CASE("a message beside OK is dropped") {
  auto const r = read({{"grpc-status", "0"}, {"grpc-message", "fine"}, {"grpc-status-details-bin", "Zg"}});
  CHECK(r.error == errc::ok);
  CHECK(r.outcome == status{});
  CHECK(r.outcome.who() == origin::peer);
}

TEST_CASE("details that are no base64 are dropped, code and message stay") {
  auto const r = read({{"grpc-status", "9"}, {"grpc-message", "m"}, {"grpc-status-details-bin", "!!!"}});
  CHECK(r.error == errc::ok);
  CHECK(r.outcome == status{code::failed_precondition, "m"});
}

TEST_CASE("padded details are read") {
  CHECK(read({{"grpc-status", "9"}, {"grpc-status-details-bin", "Zg=="}}).outcome.details() == "f");
}

TEST_CASE("a user's trailer that is no base64 is a bad header") {
  CHECK(read({{"grpc-status", "0"}, {"k-bin", "!"}}).error == errc::bad_header);
}

TEST_CASE("only the user's entries come out of trailers") {
  auto const r = read(
      {{"grpc-status", "0"}, {"k", "1"}, {"grpc-retry-pushback-ms", "5"}, {"k", "2"}, {"b-bin", "Zg,Zm8"}});
  CHECK(r.error == errc::ok);
  CHECK(r.entries == metadata{{"k", "1"}, {"k", "2"}, {"b-bin", "f"}, {"b-bin", "fo"}});
}
