// SPDX-License-Identifier: Apache-2.0
// Header blocks, one behind the other, read by our decoder and by nghttp2's.
#include "http2/hpack.hpp"

#include "fuzz/check.hpp"
#include "fuzz/input.hpp"
#include "http2/header_decoder.hpp"
#include "http2/message_check.hpp"

#include <vector>

using namespace sluice;
using namespace sluice::fuzz;

namespace {

struct client_expert final : http2::field_table::expert {
  void look_at(http2::known_field& found) const noexcept override {
    auto const& [name, value, kind] = found.field;
    found.rule = http2::rule_of(http2::class_of(http2::side::client, name), value);
  }
};

// What both have read. False: both say that it is malformed.
bool decode_both(bytes_view block, http2::header_decoder& ours, http2::hpack_decoder& theirs) {
  std::vector<http2::hpack_field> expected;
  bool const well = theirs.decode(block, expected);
  auto const how = ours.decode(block);
  check(how != http2::header_decoder::outcome::too_large, "no list is too large here");
  check((how == http2::header_decoder::outcome::decoded) == well, "a block is well-formed for both");
  if (well) {
    auto const& fields = ours.list().fields;
    check(fields.size() == expected.size(), "there are as many fields");
    for (std::size_t i = 0; i != fields.size(); ++i) {
      check_same(fields[i].name, expected[i].first, "a name");
      check_same(fields[i].value, expected[i].second, "a value");
    }
  }
  if (well) {  // as a session does: the judge takes fields away
    http2::message_check check_of_response;
    check_of_response.begin_list(http2::side::client, true);
    check_of_response.take(ours.list());
    static_cast<void>(check_of_response.end_list(http2::side::client, false));
  }
  ours.release();
  return well;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  input in{bytes, size};
  client_expert expert;
  http2::header_decoder ours{expert, std::size_t{1} << 30};
  http2::hpack_decoder theirs;
  constexpr int most = 200;
  for (int i = 0; i != most && !in.empty(); ++i) {
    auto const length = in.byte();
    auto const block = length == 255 ? in.rest() : in.bytes(length);
    // The same block again comes from what was kept.
    for (int times = length % 3; times >= 0; --times) {
      std::vector<std::byte> const copy(as_bytes(block).begin(), as_bytes(block).end());  // and goes with it
      if (!decode_both(copy, ours, theirs)) return 0;
    }
  }
  return 0;
}
