// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>
#include <sluice/core/errc.hpp>
#include <sluice/rpc/compressors.hpp>

#include <cstddef>
#include <memory>
#include <string_view>

namespace sluice {

/// One algorithm, under the name that grpc-encoding carries. Each message is compressed by itself.
///
/// Concurrency: an object belongs to one channel, or to one executor of a server, and has one message at a time; so it may
/// keep its contexts for the next message, without locks.
class compressor {
 public:
  compressor() = default;
  compressor(compressor const&) = delete;
  compressor& operator=(compressor const&) = delete;
  virtual ~compressor() = default;

  /// The same each time: lower-case letters, digits, '-', '_' and '.'.
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  /// Puts the compressed form of `from` into `to`, which is empty. False: it cannot; the message goes out as it is.
  [[nodiscard]] virtual bool compress(bytes_view from, buffer& to) = 0;
  /// Puts what `from` was made of into `to`, which is empty. `from` is the peer's, and hostile:
  ///   message_too_large: more than `limit` bytes come out. Neither time nor memory may go far beyond them.
  ///   malformed_compression: broken, cut off, or with something behind it.
  [[nodiscard]] virtual errc decompress(bytes_view from, buffer& to, std::size_t limit) = 0;
};

/// zlib's formats (RFC 1952, and for gRPC's "deflate" RFC 1950). `level`: 1 (fast) to 9 (small).
[[nodiscard]] std::unique_ptr<compressor> gzip_compressor(int level = 6);
[[nodiscard]] std::unique_ptr<compressor> deflate_compressor(int level = 6);
/// Zstandard (RFC 8878). `level`: 1 to 19.
[[nodiscard]] std::unique_ptr<compressor> zstd_compressor(int level = 3);

}  // namespace sluice
