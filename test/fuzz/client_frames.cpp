// SPDX-License-Identifier: Apache-2.0
// A peer that speaks HTTP/2 and gRPC, after its own fashion, to a client.
#include "fuzz/frame_script.hpp"
#include "fuzz/fuzzed_client.hpp"

using namespace sluice;
using namespace sluice::fuzz;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  input in{bytes, size};
  testing::pipe_options pipe;
  constexpr std::size_t pieces[]{testing::pipe_end_options::unlimited, 1000, 10, 1};
  auto const how = in.byte();
  if ((how & 0x80) != 0) pipe.capacity = 100;
  pipe.first.max_read = pieces[how & 3];
  pipe.first.max_write = pieces[how >> 2 & 3];
  fuzzed_client end{pipe};
  if ((how & 0x10) == 0) end.send(opening(http2::side::server));
  frame_script script{http2::side::server, end};
  script.play(in);
  end.finish();
  return 0;
}
