// SPDX-License-Identifier: Apache-2.0
// What a server may do to a channel's connection before it ends: peer_limits.
#include "dialogue/client_dialogue.hpp"
#include "support/catch.hpp"

#include <boost/asio/detached.hpp>

#include <functional>
#include <optional>

using namespace sluice;
using namespace sluice::test;

namespace {

using boost::asio::detached;
constexpr auto tick = 1ms;  // of the timer wheel
constexpr std::uint32_t burst = 50;

/// A channel with a call under way.
struct limited_client : client_dialogue {
  explicit limited_client(peer_limits limits = {.abuse_burst = burst}) : client_dialogue{{.limits = limits}} {
    spawn(io, run_unary(through, text{"ask"}, {}, out), detached);
  }
  scripted_peer server_with_call() {
    auto peer = server();
    peer.expect(headers(1)).expect(data(1).message("ask").end()).settle();
    return peer;
  }
  void pass(duration time) {
    clock.advance(time);
    settle();
  }
  [[nodiscard]] std::string failure() const {
    return out.ended_with() == code::unavailable ? std::string{out.ended->message()} : "";
  }
  outcome out;
};

bool has(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("a server's frames without use are paid from the budget, and the calls end with what it was") {
  struct row {
    char const* name;
    int free;  // before the budget is touched
    http2_frame frame;
  };
  std::vector<row> const all{
      {"empty DATA", 0, data(1)},
      {"PRIORITY", 0, http2_frame{frame_type::priority, 1, 0, std::string(5, '\0')}},
      {"a frame of unknown type", 0, http2_frame{frame_type{200}, 0, 0, "x"}},
      {"SETTINGS", 9, settings()},
      {"WINDOW_UPDATE", 5 + 2 * (1 + 10), window_update(0, 1)},
      {"the answer to no PING", 0, ping_ack("12345678")},
      {"PING", 1, ping("12345678")},  // the first follows the request
      {"HEADERS", 1, headers(1).status(103)},  // the response's were the other
  };
  for (auto const& [name, free, frame] : all) {
    CAPTURE(name);
    limited_client d;
    auto peer = d.server_with_call();
    if (frame.type != frame_type::headers) peer.send(response(1));
    else peer.send(headers(1).status(100));
    int survived = 0;
    for (; survived != 1000 && !d.out.ended; ++survived) peer.send(frame).settle();
    CHECK(survived - 1 == free + static_cast<int>(burst));
    CHECK(has(d.failure(), "too many frames without use, the last: " + std::string{name}));
  }
}

TEST_CASE("a server that does not acknowledge SETTINGS in time is given up") {
  limited_client d;
  auto peer = d.accept();
  peer.send(settings()).settle();
  d.pass(10s - tick);
  CHECK_FALSE(d.out.ended);
  d.pass(2 * tick);
  CHECK(has(d.failure(), "SETTINGS were not acknowledged within 10.0 s"));
}

TEST_CASE("a response's header block that is not complete in time ends the connection") {
  limited_client d;
  auto peer = d.server_with_call();
  peer.send(http2_frame{frame_type::headers, 1, 0, "\x88"}).settle();
  d.pass(10s - tick);
  CHECK_FALSE(d.out.ended);
  d.pass(2 * tick);
  CHECK(has(d.failure(), "a header block was not complete within 10.0 s"));
}

TEST_CASE("CONTINUATION frames of a response are counted") {
  limited_client d{{.max_continuations = 5}};
  auto peer = d.server_with_call();
  peer.send(http2_frame{frame_type::headers, 1, 0, ""});
  for (int i = 0; i != 5; ++i) peer.send(http2_frame{frame_type::continuation, 1, 0, ""});
  peer.settle();
  CHECK_FALSE(d.out.ended);
  peer.send(http2_frame{frame_type::continuation, 1, 0, ""}).settle();
  CHECK(has(d.failure(), "too many CONTINUATION frames"));
}

TEST_CASE("a server that takes nothing of a request is given up") {
  client_dialogue d;
  d.pipes.capacity = 1000;
  outcome out;
  spawn(d.io, run_unary(d.through, text{std::string(50'000, 'a')}, {}, out), detached);
  auto peer = d.server();
  d.settle();
  d.clock.advance(20s - tick);
  d.settle();
  CHECK_FALSE(out.ended);
  d.clock.advance(2 * tick);
  d.settle();
  CHECK(out.ended_with() == code::unavailable);
  CHECK(has(out.ended->message(), "the peer took nothing of what was sent for 20.0 s"));
}

TEST_CASE("responses that the client itself refuses are not charged to the server") {
  client_dialogue d{{.max_receive_size = 10, .limits = {.abuse_burst = 2, .abuse_per_second = 0}}};
  std::optional<scripted_peer> peer;
  for (std::uint32_t id = 1; id != 41; id += 2) {
    outcome out;
    spawn(d.io, run_unary(d.through, text{"ask"}, {}, out), detached);
    if (!peer) peer.emplace(d.server());
    peer->expect(headers(id)).expect(data(id).message("ask").end());
    peer->send(response(id))
        .send(data(id).message("more than ten bytes"))
        .expect(rst_stream(id, 11))
        .settle();
    CHECK(out.ended_with() == code::resource_exhausted);
  }
  CHECK(d.through.state() == connectivity::ready);
}
