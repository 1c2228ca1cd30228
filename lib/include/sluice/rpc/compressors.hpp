// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

class compressor;

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
