// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fuzz/fuzzed_end.hpp"
#include "fuzz/input.hpp"
#include "http2/hpack.hpp"
#include "http2/session.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::fuzz {

/// What a client says first: the preface and empty SETTINGS; and a server: SETTINGS.
[[nodiscard]] std::string opening(http2::side whose);

/// The input as a sequence of frames, most of them well-formed, and of steps in between: a peer that knows HTTP/2 and
/// gRPC and keeps to neither. One byte chooses a step, the next ones its details.
class frame_script {
 public:
  /// `played` is the side that the script takes; `to` is the other one.
  frame_script(http2::side played, fuzzed_end& to) noexcept : side_{played}, to_{to} {}

  void play(input& in);

 private:
  void step(input& in);
  void send_request(input& in);
  void send_response(input& in);
  void send_trailers(input& in);
  void send_odd_headers(input& in);
  void send_messages(input& in);
  void send_data(input& in);
  void send_settings(input& in);
  void send_control(input& in);
  void send_window(input& in);
  void send_odd_frame(input& in);
  void wait(input& in);

  void add_field(input& in, std::vector<http2::hpack_field>& to) const;
  void send_block(input& in, std::uint32_t stream, std::vector<http2::hpack_field> const& fields,
                  std::uint8_t flags);
  void send_frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload);
  [[nodiscard]] std::uint32_t new_stream() noexcept;
  [[nodiscard]] std::uint32_t old_stream(input& in) const noexcept;

  http2::side side_;
  fuzzed_end& to_;
  http2::hpack_encoder encoder_;
  std::uint32_t next_stream_ = 1;
};

}  // namespace sluice::fuzz
