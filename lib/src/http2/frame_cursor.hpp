// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace sluice::http2 {

/// The nine bytes that each frame begins with (RFC 9113, 4.1).
struct frame_head {
  std::uint32_t length = 0;
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::int32_t stream = 0;
  std::int32_t dependency = -1;  ///< of PRIORITY
};

inline constexpr std::size_t frame_head_size = 9;
/// From the first nine bytes.
[[nodiscard]] frame_head read_frame_head(bytes_view bytes) noexcept;
/// Length, type, flags and stream.
void write_frame_head(frame_head const& head, std::byte* to) noexcept;

/// Walks from frame head to frame head over received bytes, however they are cut. nghttp2 tells of frames that it accepts
/// and of whole header blocks; what a peer spends on the others, and how long on a block, is seen here.
class frame_cursor {
 public:
  /// `skip`: bytes before the first frame, a client's preface.
  explicit frame_cursor(std::size_t skip = 0) noexcept : payload_left_{skip} {}

  /// Moves behind the next head in `rest`. False: `rest` is used up.
  [[nodiscard]] bool next(bytes_view& rest, frame_head& head) noexcept;

  /// The number of the header block of which not everything has come, counted from 1; 0: there is none.
  [[nodiscard]] std::uint64_t open_block() const noexcept {
    return block_open_ && !(block_ends_ && payload_left_ == 0) ? blocks_ : 0;
  }
  /// How many CONTINUATION frames the latest header block has so far.
  [[nodiscard]] std::size_t continuations() const noexcept { return continuations_; }

 private:
  static constexpr std::size_t head_size = frame_head_size;
  static constexpr std::size_t dependency_size = 4;
  [[nodiscard]] bool collect(bytes_view& rest, std::size_t wanted) noexcept;
  void note_block(frame_head const& head) noexcept;

  std::size_t payload_left_;
  std::size_t have_ = 0;  // bytes of a head that is not complete
  std::array<std::byte, head_size + dependency_size> partial_{};
  std::uint64_t blocks_ = 0;
  std::size_t continuations_ = 0;
  bool block_open_ = false;
  bool block_ends_ = false;  // with the payload of this frame
};

}  // namespace sluice::http2
