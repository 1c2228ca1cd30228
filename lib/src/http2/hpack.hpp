// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sluice::http2 {

using hpack_field = std::pair<std::string, std::string>;

/// Header compression (RFC 7541) alone, without a session: for whoever writes and reads frames by hand. It judges no
/// field; both have their table, which lives as long as they.
class hpack_encoder {
 public:
  hpack_encoder();
  ~hpack_encoder();
  hpack_encoder(hpack_encoder&&) noexcept;
  hpack_encoder& operator=(hpack_encoder&&) noexcept;

  [[nodiscard]] std::string encode(std::span<hpack_field const> fields);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

class hpack_decoder {
 public:
  hpack_decoder();
  ~hpack_decoder();
  hpack_decoder(hpack_decoder&&) noexcept;
  hpack_decoder& operator=(hpack_decoder&&) noexcept;

  /// Appends the fields of one whole block. False: it is malformed, and so is every block after it.
  [[nodiscard]] bool decode(bytes_view block, std::vector<hpack_field>& out);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace sluice::http2
