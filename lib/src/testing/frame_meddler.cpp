// SPDX-License-Identifier: Apache-2.0
#include "testing/frame_meddler.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace sluice::testing {
namespace {

constexpr std::size_t head_size = 9;
constexpr std::size_t preface_size = 24;
constexpr std::uint8_t data = 0;
constexpr std::uint8_t headers = 1;
constexpr std::uint8_t rst_stream = 3;
constexpr std::uint8_t settings_type = 4;
constexpr std::uint8_t ping = 6;
constexpr std::uint8_t goaway = 7;
constexpr std::uint8_t window_update = 8;
constexpr std::uint8_t continuation = 9;
constexpr std::uint8_t ack = 1;
constexpr std::uint8_t end_headers = 4;
constexpr std::uint16_t header_table = 1;
constexpr std::uint16_t max_streams = 3;
constexpr std::uint16_t initial_window = 4;
constexpr std::uint32_t highest_id = 0x7fffffff;

std::uint32_t number_at(std::string_view bytes, std::size_t at, unsigned size) noexcept {
  std::uint32_t value = 0;
  for (unsigned i = 0; i != size; ++i) value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  return value;
}
std::string number(std::uint32_t value, unsigned size) {
  std::string bytes;
  for (unsigned i = size; i-- != 0;) bytes.push_back(static_cast<char>(value >> (8 * i)));
  return bytes;
}
std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  std::string bytes = number(static_cast<std::uint32_t>(payload.size()), 3);
  bytes.push_back(static_cast<char>(type));
  bytes.push_back(static_cast<char>(flags));
  return bytes.append(number(stream, 4)).append(payload);
}
std::string setting(std::uint16_t id, std::uint32_t value) { return number(id, 2) + number(value, 4); }

}  // namespace

std::array<frame_meddler::lane, 2> frame_meddler::make_lanes() {
  std::array<lane, 2> lanes;
  lanes[0].preface = preface_size;
  return lanes;
}

// ---- what passes -----------------------------------------------------------------------------------------------------

void frame_meddler::pass(std::size_t index, bytes_view bytes, buffer& to) {
  lane& at = lanes_[index];
  while (!bytes.empty()) {
    if (at.preface != 0 || at.left != 0) {
      auto& rest = at.preface != 0 ? at.preface : at.left;
      auto const piece = bytes.first(std::min(rest, bytes.size()));
      if (!at.drops) to.append(piece);
      if (at.keeps_payload) at.payload.append(as_text(piece));
      rest -= piece.size();
      bytes = bytes.subspan(piece.size());
      if (at.left == 0 && !at.head.empty()) end_frame(index, to);
      continue;
    }
    auto const piece = bytes.first(std::min(head_size - at.head.size(), bytes.size()));
    at.head.append(as_text(piece));
    bytes = bytes.subspan(piece.size());
    if (at.head.size() == head_size) begin_frame(index, to);
  }
}

void frame_meddler::begin_frame(std::size_t index, buffer& to) {
  lane& at = lanes_[index];
  lane& other = lanes_[1 - index];
  at.left = number_at(at.head, 0, 3);
  at.type = static_cast<std::uint8_t>(at.head[3]);
  at.stream = number_at(at.head, 5, 4) & highest_id;
  auto const flags = static_cast<std::uint8_t>(at.head[4]);
  at.keeps_payload = at.type == window_update || (at.type == settings_type && (flags & ack) == 0);
  at.drops = false;
  if (at.type == settings_type && (flags & ack) != 0 && !other.unacknowledged.empty()) {
    at.drops = other.unacknowledged.front();
    other.unacknowledged.pop_front();
  }
  if (at.type == headers || at.type == continuation) at.in_block = (flags & end_headers) == 0;
  if (at.type == data) check(at.ledger.sent(at.stream, static_cast<std::uint32_t>(at.left)));
  if (!at.drops) to.append(as_bytes(at.head));
  if (at.left == 0) end_frame(index, to);
}

void frame_meddler::end_frame(std::size_t index, buffer& to) {
  lane& at = lanes_[index];
  if (at.keeps_payload && at.type == settings_type) read_settings(index);
  if (at.type == window_update && at.payload.size() == 4)
    lanes_[1 - index].ledger.credited(at.stream, number_at(at.payload, 0, 4) & highest_id);
  if (at.type == headers && index == 0 && (opened_.empty() || opened_.back() < at.stream)) {
    constexpr std::size_t most = 64;
    if (opened_.size() == most) opened_.erase(opened_.begin());
    opened_.push_back(at.stream);
  }
  at.payload.clear();
  at.head.clear();
  at.keeps_payload = false;
  if (at.in_block) return;
  meddle(index);
  speak(index, to);
}

void frame_meddler::read_settings(std::size_t index) {
  lane& at = lanes_[index];
  at.unacknowledged.push_back(false);
  at.announced.seen = true;
  for (std::size_t i = 0; i + 6 <= at.payload.size(); i += 6) {
    auto const value = number_at(at.payload, i + 2, 4);
    switch (number_at(at.payload, i, 2)) {
      case initial_window:
        at.announced.initial_window = value;
        lanes_[1 - index].ledger.initial_window(value);
        break;
      case max_streams: at.announced.max_streams = value; break;
      default: break;
    }
  }
}

// ---- what is put in --------------------------------------------------------------------------------------------------

void frame_meddler::meddle(std::size_t index) {
  lane& at = lanes_[index];
  if (!at.announced.seen) return;  // an end's SETTINGS come first
  auto& random = in_.random;
  if (random.chance(in_.faults.ping))
    say(index, "PING",
        frame(ping, random.chance(0.5) ? ack : 0, 0,
              number(static_cast<std::uint32_t>(random.next()), 4) + "ping"));
  if (!opened_.empty() && random.chance(in_.faults.rst)) {
    auto const stream = opened_[random.below(opened_.size())];
    auto const error = static_cast<std::uint32_t>(random.below(14));
    say(index, "RST_STREAM", frame(rst_stream, 0, stream, number(error, 4)));
    say(1 - index, "RST_STREAM", frame(rst_stream, 0, stream, number(8, 4)));
  }
  if (index == 1 && random.chance(in_.faults.goaway)) {
    std::uint32_t last = highest_id;
    if (random.chance(0.5))
      last = opened_.empty() || random.chance(0.2) ? 0 : opened_[random.below(opened_.size())];
    auto const error = static_cast<std::uint32_t>(random.chance(0.5) ? 0 : random.below(14));
    say(index, "GOAWAY", frame(goaway, 0, 0, number(last, 4) + number(error, 4)));
  }
  if (random.chance(in_.faults.settings)) {
    std::string smaller;
    if (random.chance(0.7))
      smaller +=
          setting(initial_window, static_cast<std::uint32_t>(random.skewed(at.announced.initial_window)));
    if (at.announced.max_streams && random.chance(0.5))
      smaller += setting(max_streams, static_cast<std::uint32_t>(random.skewed(*at.announced.max_streams)));
    if (random.chance(0.5)) smaller += setting(header_table, static_cast<std::uint32_t>(random.skewed(4096)));
    at.owes = true;
    send_settings(index, std::move(smaller));
  }
}

void frame_meddler::give_back(std::size_t index) {
  lane& at = lanes_[index];
  if (!std::exchange(at.owes, false)) return;
  std::string whole = setting(initial_window, at.announced.initial_window) + setting(header_table, 4096);
  if (at.announced.max_streams) whole += setting(max_streams, *at.announced.max_streams);
  send_settings(index, std::move(whole));
}

void frame_meddler::send_settings(std::size_t index, std::string payload) {
  say(index, "SETTINGS", frame(settings_type, 0, 0, payload));
}

void frame_meddler::say(std::size_t index, char const* what, std::string bytes) {
  in_.record(10 + index, bytes.size(), [&] {
    return "in the middle: " + std::string{what} + (index == 0 ? " to the server" : " to the client");
  });
  lanes_[index].wishes.push_back(std::move(bytes));
}

void frame_meddler::speak(std::size_t index, buffer& to) {
  lane& at = lanes_[index];
  if (!may_speak(at)) return;
  for (auto const& wish : std::exchange(at.wishes, {})) {
    if (static_cast<std::uint8_t>(wish[3]) == settings_type) at.unacknowledged.push_back(true);
    to.append(as_bytes(wish));
  }
}

// ---- what is wrong ---------------------------------------------------------------------------------------------------

void frame_meddler::check(std::optional<std::string> wrong) {
  if (wrong) in_.violations.push_back(*std::move(wrong));
}

void frame_meddler::at_rest() {
  for (auto const& each : lanes_) check(each.ledger.at_rest());
}

}  // namespace sluice::testing
