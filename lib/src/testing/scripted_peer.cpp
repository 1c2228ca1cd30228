// SPDX-License-Identifier: Apache-2.0
#include <sluice/testing/scripted_peer.hpp>

#include "http2/hpack.hpp"

#include <algorithm>
#include <array>

namespace sluice::testing {
namespace {

constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t frame_head = 9;
constexpr std::size_t longest_frame = 16'384;  // what every peer takes
// No test needs so many steps between two frames; an end that spins is stopped here.
constexpr int most_steps = 100'000;

std::uint32_t number_at(std::string_view bytes, std::size_t at, unsigned size) noexcept {
  std::uint32_t value = 0;
  for (unsigned i = 0; i != size && at + i < bytes.size(); ++i)
    value = value << 8U | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

std::string encode_head(std::size_t length, frame_type type, std::uint8_t flags, std::uint32_t stream) {
  std::string head;
  for (unsigned i = 3; i-- != 0;) head.push_back(static_cast<char>(length >> (8 * i)));
  head.push_back(static_cast<char>(type));
  head.push_back(static_cast<char>(flags));
  for (unsigned i = 4; i-- != 0;) head.push_back(static_cast<char>(stream >> (8 * i)));
  return head;
}

bool is_housekeeping(http2_frame const& frame) noexcept {
  return frame.type == frame_type::settings || frame.type == frame_type::window_update ||
         (frame.type == frame_type::ping && (frame.flags & http2_frame::ack) != 0);
}

std::vector<std::string_view> values_of(http2_frame const& frame, std::string_view name) {
  std::vector<std::string_view> values;
  for (auto const& field : frame.fields)
    if (field.first == name) values.push_back(field.second);
  return values;
}

bool same_fields(http2_frame const& wanted, http2_frame const& got) {
  for (auto const& field : wanted.fields)
    if (values_of(wanted, field.first) != values_of(got, field.first)) return false;
  return std::none_of(wanted.absent.begin(), wanted.absent.end(),
                      [&got](auto const& name) { return got.value_of(name).has_value(); });
}

// Every setting that is wanted is there with its value.
bool same_settings(std::string_view wanted, std::string_view got) {
  constexpr std::size_t size = 6;
  for (; wanted.size() >= size; wanted.remove_prefix(size)) {
    bool found = false;
    for (std::size_t at = 0; at + size <= got.size(); at += size)
      found |= got.substr(at, size) == wanted.substr(0, size);
    if (!found) return false;
  }
  return true;
}

bool matches(http2_frame const& wanted, http2_frame const& got) {
  if (wanted.type != got.type || wanted.stream != got.stream) return false;
  if ((wanted.flags & 1U) != (got.flags & 1U)) return false;  // END_STREAM or ACK
  switch (wanted.type) {
    case frame_type::headers: return same_fields(wanted, got);
    case frame_type::settings: return same_settings(wanted.payload, got.payload);
    case frame_type::goaway:
      return wanted.payload.size() > 8 ? wanted.payload == got.payload
                                       : got.payload.starts_with(wanted.payload);
    default: return wanted.payload == got.payload;
  }
}

}  // namespace

struct scripted_peer::state {
  state(boost::asio::io_context& context, std::unique_ptr<byte_stream> stream)
      : io{context}, end{std::move(stream)} {}

  boost::asio::io_context& io;
  std::unique_ptr<byte_stream> end;
  http2::hpack_encoder encoder;
  http2::hpack_decoder decoder;
  std::string inbox;
  std::map<std::uint32_t, std::uint64_t> windows;
  std::size_t split = 0;
  bool ended = false;
  bool broken = false;    // reading
  bool deaf = false;      // the other end takes no more

  std::size_t step() {
    io.restart();
    return io.poll();
  }

  void settle() {
    for (int i = 0; i != most_steps; ++i)
      if (step() == 0) return;
    throw dialogue_error{"the other end never comes to rest"};
  }

  // What is there now. False: nothing.
  bool receive() {
    if (ended || broken) return false;
    std::array<std::byte, 16 * 1024> bytes;
    auto const got = end->read(bytes);
    broken = broken || got.error;
    ended = ended || got.end;
    if (got.bytes == 0) return got.end || got.error;
    inbox.append(as_text(bytes_view{bytes}.first(got.bytes)));
    return true;
  }

  // Runs the other end until `done`, or until nothing more comes.
  template <class Done>
  bool run_until(Done&& done) {
    for (int i = 0; i != most_steps; ++i) {
      if (done()) return true;
      bool const moved = receive();
      if (!moved && step() == 0 && !receive()) return done();
    }
    throw dialogue_error{"the other end never comes to rest"};
  }

  void put(std::string_view bytes) {
    int idle = 0;
    while (!bytes.empty() && !deaf) {
      auto const piece = split == 0 ? bytes : bytes.substr(0, split);
      std::array<bytes_view, 1> const pieces{as_bytes(piece)};
      auto const put = end->write(pieces);
      if (put.error) {
        deaf = true;
        return;
      }
      bytes.remove_prefix(put.bytes);
      if (split != 0) settle();
      if (put.bytes != 0) {
        idle = 0;
      } else if (step() == 0 && ++idle > 1) {
        throw dialogue_error{"the pipe is full, and the other end does not read"};
      }
    }
  }

  // A whole frame from the front of the inbox, without its head's work on HEADERS and CONTINUATION.
  std::optional<http2_frame> take_bare() {
    if (inbox.size() < frame_head) return std::nullopt;
    std::size_t const length = number_at(inbox, 0, 3);
    if (inbox.size() < frame_head + length) return std::nullopt;
    http2_frame frame{static_cast<frame_type>(inbox[3]), number_at(inbox, 5, 4) & 0x7fffffffU,
                      static_cast<std::uint8_t>(inbox[4]), inbox.substr(frame_head, length)};
    inbox.erase(0, frame_head + length);
    return frame;
  }

  std::optional<http2_frame> next_bare() {
    std::optional<http2_frame> frame;
    run_until([&] { return (frame = take_bare()).has_value(); });
    return frame;
  }

  std::optional<http2_frame> next() {
    auto frame = next_bare();
    if (!frame) return frame;
    if (frame->type == frame_type::headers) read_headers(*frame);
    if (frame->type == frame_type::settings && (frame->flags & http2_frame::ack) == 0)
      put(encode_head(0, frame_type::settings, http2_frame::ack, 0));
    if (frame->type == frame_type::window_update) windows[frame->stream] += number_at(frame->payload, 0, 4);
    return frame;
  }

  void read_headers(http2_frame& frame) {
    while ((frame.flags & http2_frame::end_headers) == 0) {
      auto const more = next_bare();
      if (!more || more->type != frame_type::continuation)
        throw dialogue_error{"a header block is not continued: " + (more ? more->to_string() : "silence")};
      frame.payload.append(more->payload);
      frame.flag(more->flags & http2_frame::end_headers);
    }
    if (!decoder.decode(as_bytes(frame.payload), frame.fields))
      throw dialogue_error{"a header block is malformed"};
    frame.payload.clear();
  }

  void send_headers(http2_frame const& what) {
    auto const block = encoder.encode(what.fields) + what.payload;
    bool const fits = block.size() <= longest_frame;
    auto const first = std::string_view{block}.substr(0, longest_frame);
    auto const without_end = static_cast<std::uint8_t>(what.flags & ~http2_frame::end_headers);
    std::string out = encode_head(first.size(), what.type, fits ? what.flags : without_end, what.stream);
    out.append(first);
    for (std::size_t at = first.size(); at < block.size(); at += longest_frame) {
      auto const piece = std::string_view{block}.substr(at, longest_frame);
      bool const last = at + piece.size() == block.size();
      out.append(encode_head(piece.size(), frame_type::continuation,
                             static_cast<std::uint8_t>(last ? what.flags & http2_frame::end_headers : 0),
                             what.stream));
      out.append(piece);
    }
    put(out);
  }

  [[nodiscard]] std::string silence() const {
    if (broken) return "the connection broke";
    return ended ? "the connection ended" : "nothing came";
  }
};

scripted_peer::scripted_peer(boost::asio::io_context& io, std::unique_ptr<byte_stream> end)
    : state_{std::make_unique<state>(io, std::move(end))} {}
scripted_peer::scripted_peer(scripted_peer&&) noexcept = default;
scripted_peer& scripted_peer::operator=(scripted_peer&&) noexcept = default;
scripted_peer::~scripted_peer() = default;

scripted_peer& scripted_peer::begin_as_client(http2_frame const& our_settings) {
  return send_raw(preface).send(our_settings);
}

scripted_peer& scripted_peer::begin_as_server(http2_frame const& our_settings) {
  state_->run_until([this] { return state_->inbox.size() >= preface.size(); });
  if (!state_->inbox.starts_with(preface)) throw dialogue_error{"no HTTP/2 connection preface came"};
  state_->inbox.erase(0, preface.size());
  return send(our_settings).expect(settings());  // ours first: reading theirs acknowledges them
}

scripted_peer& scripted_peer::send(http2_frame const& what) {
  if (what.type == frame_type::headers) state_->send_headers(what);
  else state_->put(encode_head(what.payload.size(), what.type, what.flags, what.stream) + what.payload);
  return *this;
}

scripted_peer& scripted_peer::send_raw(std::string_view bytes) {
  state_->put(bytes);
  return *this;
}

scripted_peer& scripted_peer::split(std::size_t bytes) noexcept {
  state_->split = bytes;
  return *this;
}

scripted_peer& scripted_peer::expect(http2_frame const& what) {
  for (;;) {
    auto const got = state_->next();
    if (!got) throw dialogue_error{"expected " + what.to_string() + ", but " + state_->silence()};
    if (matches(what, *got)) return *this;
    bool const same_type = got->type == what.type && is_housekeeping(*got) == is_housekeeping(what);
    if (!is_housekeeping(*got) ||
        (same_type && got->type != frame_type::settings && got->stream == what.stream))
      throw dialogue_error{"expected " + what.to_string() + ", got " + got->to_string()};
  }
}

http2_frame scripted_peer::expect_any(frame_type type, std::uint32_t stream) {
  for (;;) {
    auto got = state_->next();
    std::string const wanted = http2_frame{type, stream}.to_string();
    if (!got) throw dialogue_error{"expected any " + wanted + ", but " + state_->silence()};
    if (got->type == type && got->stream == stream) return *std::move(got);
    if (!is_housekeeping(*got)) throw dialogue_error{"expected any " + wanted + ", got " + got->to_string()};
  }
}

std::string scripted_peer::expect_data(std::uint32_t stream, std::size_t count) {
  std::string all;
  while (all.size() < count) all.append(expect_any(frame_type::data, stream).payload);
  if (all.size() > count)
    throw dialogue_error{"expected " + std::to_string(count) + " bytes of data, got " +
                         std::to_string(all.size())};
  return all;
}

scripted_peer& scripted_peer::expect_silence() {
  while (auto const got = state_->next())
    if (!is_housekeeping(*got)) throw dialogue_error{"expected silence, got " + got->to_string()};
  if (state_->ended || state_->broken) throw dialogue_error{"expected silence, but " + state_->silence()};
  return *this;
}

scripted_peer& scripted_peer::expect_end() {
  while (auto const got = state_->next())
    if (!is_housekeeping(*got)) throw dialogue_error{"expected the end, got " + got->to_string()};
  if (!state_->ended && !state_->broken) throw dialogue_error{"expected the end, but the connection goes on"};
  return *this;
}

std::string scripted_peer::read_raw() {
  state_->run_until([] { return false; });
  return std::exchange(state_->inbox, {});
}

scripted_peer& scripted_peer::settle() {
  state_->settle();
  return *this;
}

scripted_peer& scripted_peer::half_close() noexcept {
  state_->end->shutdown_write();
  return *this;
}

scripted_peer& scripted_peer::close() noexcept {
  state_->end->close();
  state_->broken = state_->deaf = true;
  return *this;
}

bool scripted_peer::broken() const noexcept { return state_->broken || state_->deaf; }

std::uint64_t scripted_peer::window_given(std::uint32_t stream) { return state_->windows[stream]; }

}  // namespace sluice::testing
