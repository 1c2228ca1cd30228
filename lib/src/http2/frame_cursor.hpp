// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>

#include "http2/side.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice::http2 {

/// The nine bytes that each frame begins with (RFC 9113, 4.1).
struct frame_head {
  std::uint32_t length = 0;
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::int32_t stream = 0;
  std::int32_t dependency = -1;  ///< of PRIORITY
};

inline constexpr std::size_t preface_size = 24;  // RFC 9113, 3.4
inline constexpr std::size_t frame_head_size = 9;
/// From the first nine bytes.
[[nodiscard]] frame_head read_frame_head(bytes_view bytes) noexcept;
/// Length, type, flags and stream.
void write_frame_head(frame_head const& head, std::byte* to) noexcept;

/// RFC 9113, 6.8.
struct goaway_content {
  std::int32_t last_stream = 0;
  std::uint32_t error = 0;
  std::string_view text;
};
inline constexpr std::size_t goaway_size = 8;
/// `payload`: at least `goaway_size` bytes.
[[nodiscard]] goaway_content read_goaway(bytes_view payload) noexcept;

/// What comes next in received bytes. The views hold until the next part is asked for.
struct frame_part {
  bool begins = false;  ///< a frame begins, the one of `head`
  frame_head head;
  bytes_view raw;           ///< bytes of any other frame than a header block's
  bytes_view goaway;        ///< the payload of one; `bare` is its head
  bytes_view bare;    ///< a frame of a header block without its part of it: a head, and a priority
  bool block_ends = false;  ///< with that frame:
  bytes_view block;         ///< the whole block
  std::uint32_t error = 0;  ///< the peer broke the rules of header blocks; nothing comes after this
  std::string_view violation;
};

/// Walks over received bytes, however they are cut, from frame to frame, and puts together what nghttp2 is not given as
/// it is: header blocks (RFC 9113, 4.3), and GOAWAYs. Frames that break the rules of all frames are raw: nghttp2 knows what to say.
class frame_cursor {
 public:
  /// Server: a client's preface comes before the first frame. `largest_block`: in bytes.
  frame_cursor(side receiver, std::size_t largest_block) noexcept
      : payload_left_{receiver == side::server ? preface_size : 0}, largest_block_{largest_block} {}

  /// Moves on in `rest`. False: `rest` is used up, and `part` means nothing.
  [[nodiscard]] bool next(bytes_view& rest, frame_part& part);

  /// The number of the header block of which not everything has come, counted from 1; 0: there is none.
  [[nodiscard]] std::uint64_t open_block() const noexcept { return block_open_ ? blocks_ : 0; }
  /// Gives back what the latest block needed, if it came in pieces.
  void release() noexcept {
    if (payload_.capacity() + block_.capacity() != 0) free_pieces();
  }

 private:
  static constexpr std::size_t head_size = frame_head_size;
  static constexpr std::size_t dependency_size = 4, priority_size = 5;
  [[nodiscard]] bool take_head(bytes_view& rest, frame_part& part) noexcept;
  [[nodiscard]] bool collect(bytes_view& rest, std::size_t wanted) noexcept;
  enum class gathered : std::uint8_t { nothing, fragment, goaway };
  [[nodiscard]] gathered what_to_gather(frame_part& part) noexcept;
  [[nodiscard]] bool take_payload(bytes_view& rest, frame_part& part);
  void take_gathered(bytes_view payload, frame_part& part);
  void take_fragment(bytes_view payload, frame_part& part);
  [[nodiscard]] bool strip(bytes_view& payload, frame_part& part) noexcept;
  [[nodiscard]] bool strip_padding(bytes_view& payload, frame_part& part) noexcept;
  [[nodiscard]] bool strip_priority(bytes_view& payload, frame_part& part, std::size_t& size) noexcept;
  void free_pieces() noexcept;
  static void fail(frame_part& part, std::uint32_t error, std::string_view violation) noexcept;

  std::size_t payload_left_;
  std::size_t largest_block_;
  std::size_t have_ = 0;  // bytes of a head that is not complete
  std::array<std::byte, head_size + dependency_size> partial_{};
  frame_head current_;  // whose payload comes in pieces
  gathered gathers_ = gathered::nothing;  // the payload
  bool block_open_ = false;
  std::uint64_t blocks_ = 0;
  std::int32_t block_stream_ = 0;
  std::array<std::byte, head_size + priority_size> bare_{};
  std::vector<std::byte> payload_;  // of a block's frame that came in pieces
  std::vector<std::byte> block_;  // from several frames
};

}  // namespace sluice::http2
