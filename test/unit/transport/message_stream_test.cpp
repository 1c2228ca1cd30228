// SPDX-License-Identifier: Apache-2.0
#include "transport/message_stream.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <array>
#include <string>

using namespace sluice;
using received = transport::message_stream::received;

namespace {

// A stream without a connection: the framing alone.
class lone_stream final : public transport::message_stream {
 public:
  void arrive(std::string_view bytes) { take_data(as_bytes(bytes)); }
  void end() { take_end(); }
  /// "message: text", or what else next_message says.
  std::string next() {
    bytes_view message;
    switch (next_message(message)) {
      case received::message: return "message: " + std::string{as_text(message)};
      case received::pending: return "pending";
      case received::end: return "end";
      case received::broken: return "broken: " + std::string{to_string(receive_error())};
    }
    return "?";
  }

 private:
  void on_headers(received_fields, bool, bool) override {}
  void on_data(bytes_view) override {}
  void on_end() override {}
  void on_room() noexcept override {}
  void on_closed(transport::stream_end const&) noexcept override {}
};

std::string framed(std::string_view payload, std::uint8_t flag = 0) {
  std::array<std::byte, wire::frame_prefix_size> prefix;
  wire::write_frame_prefix(prefix.data(), flag, static_cast<std::uint32_t>(payload.size()));
  return std::string{as_text(prefix)} + std::string{payload};
}

}  // namespace

TEST_CASE("messages come out of a stream one by one, then its end") {
  lone_stream s;
  CHECK_FALSE(s.readable());
  CHECK(s.next() == "pending");
  s.arrive(framed("one") + framed("") + framed("three").substr(0, 6));
  CHECK(s.readable());
  CHECK(s.next() == "message: one");
  CHECK(s.next() == "message: ");
  CHECK_FALSE(s.readable());
  CHECK(s.more_follows());
  CHECK(s.next() == "pending");
  s.arrive(framed("three").substr(6));
  CHECK(s.next() == "message: three");
  CHECK_FALSE(s.more_follows());
  s.end();
  CHECK(s.readable());
  CHECK(s.next() == "end");
  CHECK(s.next() == "end");
}

TEST_CASE("messages that came before the end are read before it") {
  lone_stream s;
  s.arrive(framed("last"));
  s.end();
  CHECK(s.peer_ended());
  CHECK(s.next() == "message: last");
  CHECK(s.next() == "end");
}

TEST_CASE("a stream that ends inside a message is broken, and stays so") {
  lone_stream s;
  s.arrive(framed("cut").substr(0, 7));
  s.end();
  CHECK(s.next() == "broken: " + std::string{to_string(errc::truncated_message)});
  CHECK(s.receive_error() == errc::truncated_message);
  CHECK(s.next().starts_with("broken"));
}

TEST_CASE("a compressed message is refused, as no encoding was agreed on") {
  lone_stream s;
  s.arrive(framed("good") + framed("packed", 1) + framed("lost"));
  CHECK(s.next() == "message: good");
  CHECK(s.next() == "broken: " + std::string{to_string(errc::compressed_without_encoding)});
  CHECK(s.next().starts_with("broken"));
}

TEST_CASE("a message above the limit is refused when its prefix is there") {
  lone_stream s;
  s.limit_messages(4, 4);
  s.arrive(framed("1234"));
  CHECK(s.next() == "message: 1234");
  s.arrive(framed("12345").substr(0, wire::frame_prefix_size));
  CHECK(s.announced_error() == errc::message_too_large);
  CHECK(s.next() == "broken: " + std::string{to_string(errc::message_too_large)});
}

TEST_CASE("a message is written in place behind its prefix") {
  lone_stream s;
  auto const room = s.begin_frame(5);
  REQUIRE(room.size() == 5);
  std::ranges::copy(as_bytes("hello"), room.begin());
  CHECK(s.unsent() == 0);
  s.end_frame();
  CHECK(s.unsent() == wire::frame_prefix_size + 5);
  CHECK(as_text({room.data() - wire::frame_prefix_size, s.unsent()}) == framed("hello"));
}

TEST_CASE("a message at the send limit has room, one byte more has none") {
  lone_stream s;
  s.limit_messages(100, 4);
  CHECK(s.begin_frame(4).size() == 4);
  CHECK(s.begin_frame(5).data() == nullptr);
  CHECK(s.begin_frame(0).data() != nullptr);
  CHECK(s.unsent() == 0);
}

TEST_CASE("a stream is full when more than its mark is unsent") {
  lone_stream s;
  (void)s.begin_frame(transport::stream::outbox_mark - wire::frame_prefix_size - 1);
  s.end_frame();
  CHECK(s.has_room());
  (void)s.begin_frame(0);
  s.end_frame();
  CHECK_FALSE(s.has_room());
  s.discard_unsent();
  CHECK(s.has_room());
  CHECK(s.unsent() == 0);
}
