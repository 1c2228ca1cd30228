// SPDX-License-Identifier: Apache-2.0
// The same bytes, cut differently, are the same events for a session.
#include "fuzz/check.hpp"
#include "fuzz/frame_script.hpp"
#include "fuzz/input.hpp"
#include "unit/http2/machine.hpp"

#include <algorithm>
#include <vector>

using namespace sluice;
using namespace sluice::fuzz;

namespace {

// A session that has heard the bytes, in pieces whose sizes follow one another in a circle.
struct listener {
  listener(http2::side whose, std::string_view bytes, std::vector<std::size_t> const& cuts)
      : machine{{.side = whose, .max_header_list_size = 2048}},
        requests(whose == http2::side::client ? 3 : 0) {
    for (auto& each : requests) static_cast<void>(machine.open(each));
    before = machine.sent();
    for (std::size_t i = 0; !bytes.empty() && answer == errc::ok; ++i) {
      auto const piece = bytes.substr(0, cuts[i % cuts.size()]);
      answer = machine.take(piece);
      bytes.remove_prefix(piece.size());
    }
    after = machine.sent();
  }

  test::machine machine;
  std::vector<test::stream_end> requests;
  errc answer = errc::ok;
  std::string before;
  std::string after;
};

// nghttp2 answers the errors of a piece after the frames in it, so that answers may overtake one another.
std::vector<std::string_view> frames_in_order(std::string_view bytes) {
  std::vector<std::string_view> frames;
  constexpr std::size_t header = 9;
  while (bytes.size() >= header) {
    auto const octet = [&](std::size_t at) -> std::size_t { return static_cast<unsigned char>(bytes[at]); };
    auto const size = std::min(bytes.size(), header + (octet(0) << 16 | octet(1) << 8 | octet(2)));
    frames.push_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  std::sort(frames.begin(), frames.end());
  return frames;
}

template <class Streams>
bool same_streams(Streams const& a, Streams const& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](auto const& one, auto const& other) {
    return one.id == other.id &&
           static_cast<test::heard const&>(one) == static_cast<test::heard const&>(other);
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  input in{bytes, size};
  auto const how = in.byte();
  auto const whose = (how & 1) != 0 ? http2::side::client : http2::side::server;
  std::vector<std::size_t> cuts;
  for (unsigned i = 0; i <= (how >> 1 & 7U); ++i) cuts.push_back(1 + in.byte());
  std::string said;
  if ((how & 0x80) != 0)
    said = opening(whose == http2::side::client ? http2::side::server : http2::side::client);
  said.append(in.rest());

  listener const whole{whose, said, {std::max<std::size_t>(said.size(), 1)}};
  listener const cut{whose, said, cuts};
  if (whole.answer != errc::ok || cut.answer != errc::ok) {
    // The session looks at the frames of a piece before nghttp2 does: what stands in front of a violation in the same
    // piece is not heard any more, and of two violations the other one may be named.
    check(!whole.machine.session.violation().empty() && !cut.machine.session.violation().empty(),
          "a violation is one in every cut");
    return 0;
  }
  check_same(whole.machine.session.violation(), cut.machine.session.violation(), "the same violation");
  check(same_streams(whole.requests, cut.requests), "the same responses");
  check(same_streams(whole.machine.streams, cut.machine.streams), "the same requests");
  check(whole.machine.settings == cut.machine.settings, "the same SETTINGS");
  check(whole.machine.pings == cut.machine.pings, "the same PINGs");
  check(whole.machine.goaways == cut.machine.goaways, "the same GOAWAYs");
  check(frames_in_order(whole.after) == frames_in_order(cut.after), "the same answers");
  return 0;
}
