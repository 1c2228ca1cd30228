// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace sluice::testing {

/// The flow control of one direction of an HTTP/2 connection, as somebody between the two ends sees it: what was sent,
/// and what the receiver has allowed (RFC 9113, 5.2).
class flow_ledger {
 public:
  /// The receiver's SETTINGS_INITIAL_WINDOW_SIZE.
  void initial_window(std::uint32_t bytes) noexcept { initial_ = bytes; }
  void credited(std::uint32_t stream, std::uint32_t bytes) {
    if (stream == 0) connection_credit_ += bytes;
    else streams_[stream].credit += bytes;
    if (available() > most_) most_ = available();
  }
  /// Says what is wrong: more than the receiver has allowed.
  [[nodiscard]] std::optional<std::string> sent(std::uint32_t stream, std::uint32_t bytes) {
    auto& on = streams_[stream];
    connection_sent_ += bytes;
    on.sent += bytes;
    if (available() < 0)
      return "DATA beyond the connection's window by " + std::to_string(-available()) + " bytes";
    if (auto const over = on.sent - on.credit - initial_; over > 0)
      return "DATA of stream " + std::to_string(stream) + " beyond its window by " + std::to_string(over) +
             " bytes";
    return std::nullopt;
  }
  /// When everything sent has arrived and been read: a receiver that is alive has given back more than half of what its
  /// window ever was. (A window below the protocol's 65,535 is not told from one that shrinks.)
  [[nodiscard]] std::optional<std::string> at_rest() const {
    if (most_ <= default_window || available() >= most_ / 2) return std::nullopt;
    return "the connection's window is down to " + std::to_string(available()) + " of " +
           std::to_string(most_) + " bytes, and everything has been read";
  }

 private:
  static constexpr std::int64_t default_window = 65'535;
  struct stream {
    std::int64_t sent = 0;
    std::int64_t credit = 0;
  };
  [[nodiscard]] std::int64_t available() const noexcept {
    return default_window + connection_credit_ - connection_sent_;
  }

  std::int64_t initial_ = default_window;
  std::int64_t connection_sent_ = 0;
  std::int64_t connection_credit_ = 0;
  std::int64_t most_ = default_window;
  std::map<std::uint32_t, stream> streams_;
};

}  // namespace sluice::testing
