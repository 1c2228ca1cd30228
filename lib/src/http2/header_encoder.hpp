// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>

#include "http2/header_list.hpp"

#include <nghttp2/nghttp2.h>

#include <array>
#include <cstdint>
#include <vector>

namespace sluice::http2 {

/// Compresses the header lists of one connection (RFC 7541), in the order in which they are sent.
///
/// Nearly all lists of a connection are the same few. Once everything of such a list is in the table, its block is the same
/// bytes until the table changes: those are kept.
class header_encoder final : public header_sink {
 public:
  header_encoder();
  ~header_encoder();
  header_encoder(header_encoder const&) = delete;
  header_encoder& operator=(header_encoder const&) = delete;

  /// The peer's SETTINGS_HEADER_TABLE_SIZE.
  void change_table_size(std::uint32_t size);
  /// Where `add` puts a block; it may consist of several lists.
  void begin(buffer& out) noexcept { out_ = &out; }
  void add(header_list const& list, std::uint64_t number) override;

 private:
  struct kept_block {
    std::uint64_t number = 0;
    buffer bytes;
  };
  void write_literals(header_list const& list);
  [[nodiscard]] bytes_view compress(header_list const& list);

  nghttp2_hd_deflater* native_ = nullptr;
  std::vector<nghttp2_nv> fields_;  // reused by every list
  buffer* out_ = nullptr;
  std::array<kept_block, 8> kept_;  // by number
};

/// Whether a decoder's table is another one after `block`: something was added, or its size changed.
[[nodiscard]] bool changes_table(bytes_view block) noexcept;

}  // namespace sluice::http2
