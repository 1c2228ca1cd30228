// SPDX-License-Identifier: Apache-2.0
// Any bytes, to a server: in one piece or cut, behind an opening or not.
#include "fuzz/frame_script.hpp"
#include "fuzz/fuzzed_server.hpp"

using namespace sluice;
using namespace sluice::fuzz;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  input in{bytes, size};
  auto const how = in.byte();
  fuzzed_server end;
  if ((how & 1) != 0) end.send(opening(http2::side::client));
  constexpr std::size_t pieces[]{0, 1, 7, 100};
  end.send_in_pieces(in.rest(), pieces[how >> 1 & 3]);
  end.settle();
  if ((how & 8) != 0) end.half_close();
  if ((how & 16) != 0) end.advance(std::chrono::seconds{10});
  end.finish();
  return 0;
}
