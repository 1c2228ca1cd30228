// SPDX-License-Identifier: Apache-2.0
// The deframer against the plainest reading of the format, whatever the pieces.
#include "fuzz/check.hpp"
#include "fuzz/input.hpp"
#include "wire/frame.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace sluice;
using namespace sluice::fuzz;

namespace {

struct outcome {
  std::vector<std::pair<int, std::string>> messages;
  errc error = errc::ok;
  std::size_t left = 0;  // bytes of a message that is not whole
  friend bool operator==(outcome const&, outcome const&) = default;
};

outcome read_plainly(std::string_view bytes, std::size_t limit) {
  outcome out;
  while (bytes.size() >= wire::frame_prefix_size) {
    std::size_t length = 0;
    for (char const c : bytes.substr(1, 4)) length = length << 8U | static_cast<unsigned char>(c);
    int const flag = static_cast<unsigned char>(bytes[0]);
    if (flag > 1) out.error = errc::bad_message_flag;
    else if (length > limit) out.error = errc::message_too_large;
    if (out.error != errc::ok) return out;
    if (bytes.size() - wire::frame_prefix_size < length) break;
    out.messages.emplace_back(flag, bytes.substr(wire::frame_prefix_size, length));
    bytes.remove_prefix(wire::frame_prefix_size + length);
  }
  out.left = bytes.size();
  return out;
}

// Takes what is whole, as far as `most` allows; what stays is taken later.
void take(wire::deframer& from, outcome& out, std::size_t most) {
  std::optional<wire::frame_view> frame;
  while (most-- != 0 && out.error == errc::ok) {
    bool const expected = from.ready();
    errc const announced = from.announced_error();
    out.error = from.next(frame);
    check(out.error == announced, "the announced error is the one that comes");
    check(expected == (frame.has_value() || out.error != errc::ok), "ready says what next gives");
    if (!frame) return;
    out.messages.emplace_back(frame->flag, as_text(frame->payload));
  }
}

outcome read_in_pieces(input& cuts, std::string_view bytes, std::size_t limit) {
  wire::deframer from{limit};
  outcome out;
  while (!bytes.empty()) {
    auto const piece = bytes.substr(0, 1 + cuts.byte());
    bytes.remove_prefix(piece.size());
    from.push(as_bytes(piece));
    take(from, out, cuts.below(4));
    check(from.held_memory() <= 2 * (limit + 256 + wire::frame_prefix_size) + 4096,
          "memory follows what came, up to the limit");
    from.release();
  }
  take(from, out, 1'000'000);
  if (out.error == errc::ok) out.left = from.buffered();
  else check(from.buffered() == 0, "after an error nothing is held");
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  input in{bytes, size};
  constexpr std::size_t limits[]{0, 10, 1000, wire::default_message_limit};
  std::size_t const limit = in.pick(limits);
  auto const count = in.byte();
  auto const cuts = in.bytes(count);
  auto const said = in.rest();
  input cutting{reinterpret_cast<std::uint8_t const*>(cuts.data()), cuts.size()};
  check(read_in_pieces(cutting, said, limit) == read_plainly(said, limit), "pieces change nothing");
  return 0;
}
