// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>
#include <sluice/core/log.hpp>
#include <sluice/coro/executor.hpp>
#include <sluice/net/byte_stream.hpp>
#include <sluice/testing/manual_clock.hpp>
#include <sluice/testing/pipe.hpp>

#include "fuzz/check.hpp"
#include "fuzz/frame_judge.hpp"

#include <boost/asio/io_context.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

namespace sluice::fuzz {

/// One endpoint, in memory and on a manual clock, whose peer is the fuzzer's input. Base of the two sides.
class fuzzed_end {
 public:
  fuzzed_end(fuzzed_end const&) = delete;
  fuzzed_end& operator=(fuzzed_end const&) = delete;

  /// Everything, or what the endpoint takes before it stops reading.
  void send(std::string_view bytes) {
    for (bool stuck = false; peer_ != nullptr && !bytes.empty();) {
      std::array<bytes_view, 1> const pieces{as_bytes(bytes)};
      auto const put = peer_->write(pieces);
      if (put.error || (put.bytes == 0 && stuck)) return;
      stuck = put.bytes == 0;
      bytes.remove_prefix(put.bytes);
      if (!bytes.empty()) settle();
    }
  }
  void send_in_pieces(std::string_view bytes, std::size_t of) {
    for (; of != 0 && bytes.size() > of; bytes.remove_prefix(of)) {
      send(bytes.substr(0, of));
      settle();
    }
    send(bytes);
  }
  /// Lets the endpoint run until it waits, and judges what it said.
  void settle() {
    for (int i = 0; i != most_steps; ++i) {
      io_.restart();
      bool const ran = io_.poll() != 0;
      if (!listen() && !ran) return;
    }
    check(false, "an endpoint comes to rest");
  }
  void advance(duration by) {
    clock_.advance(by);
    settle();
  }
  /// The peer reads nothing, until it reads again.
  void set_deaf(bool value) {
    deaf_ = value;
    settle();
  }
  void half_close() {
    if (peer_ != nullptr) peer_->shutdown_write();
    settle();
  }
  void hang_up() {
    if (peer_ != nullptr) peer_->close();
    peer_.reset();
    settle();
  }
  [[nodiscard]] frame_judge& judge() noexcept { return judge_; }

 protected:
  explicit fuzzed_end(http2::side whose) : judge_{whose} {}
  ~fuzzed_end() = default;

  static void no_log(log_level, std::string_view) {}

  boost::asio::io_context io_;
  testing::manual_clock clock_{io_.get_executor()};
  std::unique_ptr<byte_stream> peer_;

 private:
  static constexpr int most_steps = 1'000'000;

  bool listen() {
    if (peer_ == nullptr || deaf_) return false;
    auto const got = peer_->read(into_);
    judge_.see(as_text(bytes_view{into_}.first(got.bytes)));
    return got.bytes != 0;
  }

  frame_judge judge_;
  std::array<std::byte, 16 * 1024> into_;
  bool deaf_ = false;
};

}  // namespace sluice::fuzz
