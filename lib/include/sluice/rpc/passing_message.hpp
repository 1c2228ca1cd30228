// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>
#include <sluice/core/status.hpp>

#include <functional>
#include <string>
#include <utility>

namespace sluice {

/// A message on its way, as an interceptor's hook sees it: its bytes, which may be replaced.
///
/// Lifetime: until the hook returns.
class passing_message {
 public:
  explicit passing_message(bytes_view bytes) noexcept : bytes_{bytes} {}
  passing_message(passing_message const&) = delete;
  passing_message& operator=(passing_message const&) = delete;

  [[nodiscard]] bytes_view bytes() const noexcept { return bytes_; }
  /// These go on instead.
  void replace(std::string bytes) {
    replacement_ = std::move(bytes);
    bytes_ = as_bytes(replacement_);
    replaced_ = true;
  }
  [[nodiscard]] bool replaced() const noexcept { return replaced_; }

 private:
  bytes_view bytes_;
  std::string replacement_;
  bool replaced_ = false;
};

/// Called for each message of one direction, in place: it does not wait. Another status than ok fails the call with it.
using message_hook = std::function<status(passing_message&)>;

}  // namespace sluice
