// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "transport/outgoing_headers.hpp"
#include "wire/request_head.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice::calling {

/// The common headers of a channel's calls: a list for each method, and for each timeout that its calls have again and
/// again, as most do. Such a timeout enters the peer's HPACK table, and costs a byte; the others are literals.
class request_heads {
 public:
  /// That of `head`'s path and scheme; what else it has of its own does not matter. Everything else is the same in each
  /// call of a channel. A timeout that is in the list is taken from `head`. Null: there are as many methods that a list is
  /// not worth keeping.
  [[nodiscard]] transport::common_headers const* find(wire::request_head& head) {
    entry* const found = find_method(head);
    if (found == nullptr || !head.timeout) return found == nullptr ? nullptr : &found->common;
    auto const* const timed = find_timed(*found, head);
    if (timed == nullptr) return &found->common;
    head.timeout.reset();
    return timed;
  }

 private:
  static constexpr std::size_t most_methods = 32;
  static constexpr std::size_t most_timed =
      16;  // they stay, as calls point to them, and fill the peer's table
  static constexpr unsigned enough_repetitions =
      8;  // in a row: a new one costs the table's other users their blocks
  struct timed_list {
    duration timeout;
    transport::common_headers common;
  };
  struct entry {
    std::string path;
    std::string scheme;
    transport::common_headers common;
    duration latest{};
    unsigned repetitions = 0;  // of the latest
    std::vector<std::unique_ptr<timed_list>> timed;
  };

  entry* find_method(wire::request_head const& head) {
    for (auto const& each : kept_)
      if (each->path == head.path && each->scheme == head.scheme) return each.get();
    if (kept_.size() == most_methods) return nullptr;
    auto made = std::make_unique<entry>();
    made->path = head.path;
    made->scheme = head.scheme;
    made->common.number = ++numbers_;
    wire::write_common_head(head, made->common.fields);
    kept_.push_back(std::move(made));
    return kept_.back().get();
  }

  transport::common_headers const* find_timed(entry& in, wire::request_head const& head) {
    for (auto const& each : in.timed)
      if (each->timeout == *head.timeout) return &each->common;
    in.repetitions = in.latest == *head.timeout ? in.repetitions + 1 : 0;
    in.latest = *head.timeout;
    if (in.repetitions != enough_repetitions || timed_ == most_timed) return nullptr;
    auto made = std::make_unique<timed_list>();
    made->timeout = *head.timeout;
    made->common.number = ++numbers_;
    wire::write_common_head(head, made->common.fields);
    wire::write_timeout(*head.timeout, made->common.fields);
    ++timed_;
    in.timed.push_back(std::move(made));
    return &in.timed.back()->common;
  }

  std::vector<std::unique_ptr<entry>> kept_;  // calls point to them
  std::uint64_t numbers_ = 0;
  std::size_t timed_ = 0;  // lists with a timeout
};

}  // namespace sluice::calling
