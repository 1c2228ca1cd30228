// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>
#include <sluice/rpc/compressor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::coding {

inline constexpr std::size_t most_compressors = 32;
/// Which of a set's compressors a peer accepts: a bit for each.
using accepted_mask = std::uint32_t;

/// The compressors of one channel, or of one executor of a server, each made when it is first needed, and the memory that
/// their messages share.
class compressor_set {
 public:
  explicit compressor_set(compressors const& known);

  /// Null: unknown.
  [[nodiscard]] compressor* find(std::string_view name);
  [[nodiscard]] bool accepted(std::string_view name, accepted_mask by) const noexcept;
  /// Reads a grpc-accept-encoding. What is unknown here is passed over.
  [[nodiscard]] accepted_mask read_list(std::string_view list) const noexcept;
  /// What grpc-accept-encoding says of this set.
  [[nodiscard]] std::string const& list() const noexcept { return list_; }

  /// An empty buffer, with the memory of one that was given back.
  [[nodiscard]] buffer borrow() noexcept;
  void give_back(buffer memory) noexcept;

 private:
  struct member {
    compressors::entry known;
    std::unique_ptr<compressor> made;
  };
  [[nodiscard]] std::size_t index_of(std::string_view name) const noexcept;

  std::vector<member> members_;
  std::string list_;
  buffer spare_[2];
};

}  // namespace sluice::coding
