// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/buffer.hpp>

#include "testing/flow_ledger.hpp"
#include "testing/simulation.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace sluice::testing {

/// Somebody in the middle of an HTTP/2 connection: lets frames through, keeps the ledgers of flow control, and at times
/// puts a frame of its own between two of them.
///
/// What it says is what either end could have heard from a lawful peer or proxy. A stream that it resets is reset towards
/// both. Windows are only made smaller than what the receiver has allowed, and are given back after a while.
/// Acknowledgements of its own SETTINGS are kept from the end that did not send them.
class frame_meddler {
 public:
  /// Lane 0 leads from the client to the server, lane 1 back.
  explicit frame_meddler(simulation& in) noexcept : in_{in} {}

  /// Passes on what came along `lane`, behind `to`.
  void pass(std::size_t lane, bytes_view bytes, buffer& to);
  /// Says what waits to be said along `lane`, if that is between two frames.
  void speak(std::size_t lane, buffer& to);
  [[nodiscard]] bool wants_to_speak(std::size_t lane) const noexcept {
    return !lanes_[lane].wishes.empty() && may_speak(lanes_[lane]);
  }
  /// A setting was made smaller along `lane`: give it back some time.
  [[nodiscard]] bool owes(std::size_t lane) const noexcept { return lanes_[lane].owes; }
  void give_back(std::size_t lane);
  /// Everything that was sent has been read.
  void at_rest();

 private:
  struct settings {
    std::uint32_t initial_window = 65'535;
    std::optional<std::uint32_t> max_streams;
    bool seen = false;
  };
  struct lane {
    std::string head;  // of the frame that passes, as far as it came
    std::string payload;  // of one whose content is looked at
    std::size_t left = 0;
    std::size_t preface = 0;
    std::uint8_t type = 0;
    std::uint32_t stream = 0;
    bool keeps_payload = false;
    bool drops = false;  // an acknowledgement of ours
    bool in_block = false;
    bool owes = false;
    settings announced;  // by the writer of this lane
    std::deque<bool> unacknowledged;  // SETTINGS along this lane; true: ours
    std::vector<std::string> wishes;
    flow_ledger ledger;
  };

  // Between two frames, and after the end's own SETTINGS.
  [[nodiscard]] static bool may_speak(lane const& at) noexcept {
    return at.announced.seen && at.left == 0 && at.head.empty() && !at.in_block;
  }
  void begin_frame(std::size_t lane, buffer& to);
  void end_frame(std::size_t lane, buffer& to);
  void read_settings(std::size_t lane);
  void meddle(std::size_t lane);
  void send_settings(std::size_t lane, std::string payload);
  void say(std::size_t lane, char const* what, std::string frame);
  void check(std::optional<std::string> wrong);

  simulation& in_;
  std::array<lane, 2> lanes_ = make_lanes();
  std::vector<std::uint32_t> opened_;  // the last streams that the server knows of
  static std::array<lane, 2> make_lanes();
};

}  // namespace sluice::testing
