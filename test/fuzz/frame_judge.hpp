// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http2/hpack.hpp"
#include "http2/session.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::fuzz {

/// Reads what an endpoint sends and judges it, whatever it was sent: whole frames of legal sizes on legal streams, header
/// blocks that decode, one head and one end for each stream, exactly one grpc-status, whole messages before an OK.
class frame_judge {
 public:
  explicit frame_judge(http2::side whose) noexcept : side_{whose} {}

  void see(std::string_view bytes);
  /// The largest frame that the peer has allowed so far.
  void allow_frames_of(std::size_t bytes) noexcept;
  [[nodiscard]] std::size_t frames() const noexcept { return frames_; }
  /// Streams with END_STREAM.
  [[nodiscard]] std::size_t ended() const noexcept { return ended_; }

 private:
  struct stream {
    bool headed = false;
    bool grpc = false;
    bool ended = false;
    bool reset = false;
    std::string body;
  };
  struct frame {
    std::uint8_t type;
    std::uint8_t flags;
    std::uint32_t stream;
    std::string_view payload;
  };
  [[nodiscard]] bool opened();
  void judge(frame const& one);
  void judge_headers(frame const& one, stream& on);
  void judge_head(std::vector<http2::hpack_field> const& fields, stream& on, bool end) const;
  void judge_data(frame const& one, stream& on);
  void end(stream& on, std::string_view grpc_status);

  http2::side side_;
  http2::hpack_decoder decoder_;
  std::string inbox_;
  std::string block_;
  std::uint32_t block_stream_ = 0;
  std::uint8_t block_flags_ = 0;
  std::map<std::uint32_t, stream> streams_;
  std::size_t largest_frame_ = 16'384;
  std::size_t frames_ = 0;
  std::size_t ended_ = 0;
  bool opened_ = false;
  bool foreign_ = false;
};

}  // namespace sluice::fuzz
