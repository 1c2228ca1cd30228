// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>
#include <sluice/core/errc.hpp>
#include <sluice/rpc/compression_mode.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

/// The algorithms that a channel or a server knows: at first gzip, deflate and zstd. A value:
///
///   channel_options{.compressors = sluice::compressors{}.add([] { return std::make_unique<lz4_compressor>(); })}
///
/// A peer may send in each of them, and is told so by grpc-accept-encoding. What is sent compressed is another matter: by
/// default nothing (see channel_options::compression and server_options::compression).
class compressors {
 public:
  using factory = std::function<std::unique_ptr<compressor>()>;
  struct entry {
    std::string name;
    factory make;
  };

  compressors();
  /// None: every compressed message is refused.
  [[nodiscard]] static compressors none() { return compressors{std::vector<entry>{}}; }

  /// Adds an algorithm, or replaces the one of the same name (with another level, say). `make` is called here, and then
  /// once for each channel or executor that needs it; by a server's threads at once. Throws status_error INVALID_ARGUMENT
  /// for a name that cannot travel, a null compressor, or the 33rd algorithm.
  compressors& add(factory make) &;
  compressors&& add(factory make) && { return std::move(add(std::move(make))); }
  /// Takes one away. Nothing when it is not there.
  compressors& remove(std::string_view name) &;
  compressors&& remove(std::string_view name) && { return std::move(remove(name)); }

  [[nodiscard]] bool contains(std::string_view name) const noexcept;
  [[nodiscard]] std::vector<entry> const& entries() const noexcept { return entries_; }

 private:
  explicit compressors(std::vector<entry> entries) noexcept : entries_{std::move(entries)} {}
  std::vector<entry> entries_;
};

}  // namespace sluice
