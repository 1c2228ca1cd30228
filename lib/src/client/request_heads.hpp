// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/outgoing_headers.hpp"
#include "wire/request_head.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace sluice::calling {

/// The common headers of a channel's calls, a list for each method.
class request_heads {
 public:
  /// That of `head`'s path and scheme; what it has of its own does not matter. Everything else is the same in each call of
  /// a channel. Null: there are as many methods that a list is not worth keeping.
  [[nodiscard]] transport::common_headers const* find(wire::request_head const& head) {
    for (auto const& each : kept_)
      if (each->path == head.path && each->scheme == head.scheme) return &each->common;
    if (kept_.size() == most) return nullptr;
    auto made = std::make_unique<entry>();
    made->path = head.path;
    made->scheme = head.scheme;
    made->common.number = kept_.size() + 1;
    wire::write_common_head(head, made->common.fields);
    kept_.push_back(std::move(made));
    return &kept_.back()->common;
  }

 private:
  static constexpr std::size_t most = 32;
  struct entry {
    std::string path;
    std::string scheme;
    transport::common_headers common;
  };
  std::vector<std::unique_ptr<entry>> kept_;  // calls point to them
};

}  // namespace sluice::calling
