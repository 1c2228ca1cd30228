// SPDX-License-Identifier: Apache-2.0
#include "fuzz/frame_script.hpp"

#include <sluice/rpc/compressor.hpp>

#include <chrono>
#include <utility>

namespace sluice::fuzz {
namespace {

constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t longest_frame = 16'384;
constexpr std::uint8_t end_stream = 0x1, ack = 0x1, end_headers = 0x4, padded = 0x8, with_priority = 0x20;
enum : std::uint8_t {
  data,
  headers,
  priority,
  rst_stream,
  settings,
  push_promise,
  ping,
  goaway,
  window_update,
  continuation
};

using field_list = std::vector<http2::hpack_field>;

std::string number(std::uint64_t value, unsigned bytes) {
  std::string out;
  for (unsigned i = bytes; i-- != 0;) out.push_back(static_cast<char>(value >> (8 * i)));
  return out;
}

std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  std::string out = number(payload.size(), 3);
  out.push_back(static_cast<char>(type));
  out.push_back(static_cast<char>(flags));
  out.append(number(stream, 4)).append(payload);
  return out;
}

std::string message(std::uint8_t flag, std::string_view body) {
  return number(flag, 1) + number(body.size(), 4) + std::string{body};
}

std::string gzipped_message(std::string_view body) {
  static auto const gzip = gzip_compressor();
  buffer out;
  static_cast<void>(gzip->compress(as_bytes(body), out));
  return message(1, as_text(out.view()));
}

constexpr std::string_view paths[]{"/test.Text/Unary",
                                   "/test.Text/Server",
                                   "/test.Text/Client",
                                   "/test.Text/Bidi",
                                   "/test.Text/None",
                                   "/none.Service/Unary",
                                   "test.Text/Unary",
                                   "//test.Text/Unary",
                                   "/test.Text/Unary/more",
                                   "/test.Text%2fUnary",
                                   "/",
                                   ""};
constexpr std::string_view names[]{":path",
                                   ":method",
                                   ":status",
                                   ":scheme",
                                   ":authority",
                                   ":protocol",
                                   "te",
                                   "content-type",
                                   "grpc-status",
                                   "grpc-message",
                                   "grpc-timeout",
                                   "grpc-encoding",
                                   "grpc-accept-encoding",
                                   "grpc-status-details-bin",
                                   "content-length",
                                   "connection",
                                   "host",
                                   "user-agent",
                                   "some-bin",
                                   "some-key",
                                   "traceparent",
                                   "tracestate",
                                   "priority",
                                   "cookie"};
constexpr std::string_view values[]{"POST",
                                    "GET",
                                    "200",
                                    "100",
                                    "404",
                                    "503",
                                    "http",
                                    "trailers",
                                    "application/grpc",
                                    "application/grpc+json",
                                    "text/html",
                                    "0",
                                    "5",
                                    "16",
                                    "17",
                                    "00",
                                    "1S",
                                    "0n",
                                    "99999999H",
                                    "100m",
                                    "123456789n",
                                    "identity",
                                    "gzip",
                                    "AAEC",
                                    "AAE=,/w",
                                    "!",
                                    "%41%",
                                    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"};

}  // namespace

std::string opening(http2::side whose) {
  return (whose == http2::side::client ? std::string{preface} : std::string{}) + frame(settings, 0, 0, {});
}

void frame_script::play(input& in) {
  constexpr int longest = 400;  // so that one input takes no longer than others
  for (int i = 0; i != longest && !in.empty(); ++i) step(in);
}

void frame_script::step(input& in) {
  switch (in.below(16)) {
    case 0:
    case 1: return side_ == http2::side::client ? send_request(in) : send_response(in);
    case 2:
    case 3: return send_messages(in);
    case 4: return send_data(in);
    case 5:
    case 6: return send_trailers(in);
    case 7: return send_odd_headers(in);
    case 8: return send_settings(in);
    case 9: return send_window(in);
    case 10: return send_control(in);
    case 11: return send_odd_frame(in);
    case 12: return send_frame(rst_stream, 0, old_stream(in), number(in.below(16), 4));
    case 13: return wait(in);
    default: return to_.settle();
  }
}

std::uint32_t frame_script::new_stream() noexcept { return std::exchange(next_stream_, next_stream_ + 2); }

// One of the last eight; seldom any other.
std::uint32_t frame_script::old_stream(input& in) const noexcept {
  auto const choice = in.byte();
  if (choice >= 250) return choice - 250U;
  std::uint32_t const back = 2 * (choice % 8U + 1);
  if (side_ == http2::side::server) return choice % 8U * 2 + 1;
  return next_stream_ > back ? next_stream_ - back : 1;
}

void frame_script::add_field(input& in, field_list& to) const {
  auto const choice = in.byte();
  std::string name{choice % 8 == 7 ? in.text(40) : names[choice % std::size(names)]};
  auto const what = in.byte();
  std::string value{what % 4 == 3 ? in.text() : values[what % std::size(values)]};
  if (what == 255) value.assign(in.number(2) % 20'000, 'v');
  to.emplace_back(std::move(name), std::move(value));
}

void frame_script::send_request(input& in) {
  auto const how = in.byte();
  field_list fields{{":method", "POST"},    {":scheme", "http"}, {":path", std::string{in.pick(paths)}},
                    {":authority", "fuzz"}, {"te", "trailers"},  {"content-type", "application/grpc"}};
  for (unsigned i = 0; i != (how & 3U); ++i) add_field(in, fields);
  send_block(in, (how & 0x40) != 0 ? old_stream(in) : new_stream(), fields,
             (how & 0x80) != 0 ? end_stream : 0);
}

void frame_script::send_response(input& in) {
  auto const how = in.byte();
  field_list fields{{":status", "200"}, {"content-type", "application/grpc"}};
  if ((how & 0x40) != 0) fields.pop_back();
  if ((how & 0x60) == 0x60) fields.clear();
  for (unsigned i = 0; i != (how & 3U); ++i) add_field(in, fields);
  send_block(in, old_stream(in), fields, (how & 0x80) != 0 ? end_stream : 0);
}

void frame_script::send_trailers(input& in) {
  auto const how = in.byte();
  field_list fields{{"grpc-status", std::to_string(how % 18)}};
  if ((how & 0x20) != 0) fields.emplace_back("grpc-message", in.text(40));
  if ((how & 0x40) != 0) add_field(in, fields);
  send_block(in, old_stream(in), fields, (how & 0x80) != 0 ? 0 : end_stream);
}

void frame_script::send_odd_headers(input& in) {
  auto const how = in.byte();
  field_list fields;
  for (unsigned i = 0; i != how % 16U; ++i) add_field(in, fields);
  auto const stream = (how & 0x20) != 0 ? new_stream() : old_stream(in);
  send_block(in, stream, fields, (how & 0x80) != 0 ? end_stream : 0);
}

// A header block in one frame or several, padded, with a priority, left open: as the input wishes.
void frame_script::send_block(input& in, std::uint32_t stream, field_list const& fields, std::uint8_t flags) {
  auto const how = in.byte();
  std::string block = encoder_.encode(fields);
  if (how == 255) block.append(in.text(20));  // bytes that HPACK may not know
  std::size_t const piece = (how & 1) != 0 ? 1 + in.byte() : longest_frame - 300;
  std::uint8_t type = headers;
  while (type == headers || !block.empty()) {
    std::string part = block.substr(0, piece);
    block.erase(0, part.size());
    std::uint8_t now = type == headers ? flags : std::uint8_t{0};
    if (block.empty() && how != 254) now |= end_headers;
    if (type == headers && (how & 2) != 0) {
      part.insert(0, number(in.number(5), 5));
      now |= with_priority;
    }
    if (type == headers && (how & 4) != 0) {
      std::size_t const padding = in.byte();
      part = number(padding, 1) + part + std::string(padding, '\0');
      now |= padded;
    }
    send_frame(type, now, stream, part);
    type = continuation;
  }
}

// Whole messages, one or many, in one frame.
void frame_script::send_messages(input& in) {
  auto const how = in.byte();
  auto const stream = old_stream(in);
  std::uint8_t const flag = (how & 0x0f) == 0x0f ? in.byte() : std::uint8_t{0};
  std::string body{in.text(40)};
  if ((how & 0x0f) == 0x0d) body.resize(body.size() + 100'000);  // above the limit, and nothing compressed
  std::string const one = (how & 0x0c) == 0x0c && flag == 0 ? gzipped_message(body) : message(flag, body);
  std::string all;
  for (unsigned i = 0; i <= (how >> 4 & 3U); ++i) all.append(one);
  if ((how & 0x40) != 0)
    all.resize(all.size() - all.size() / 3);  // the rest never comes, or in the next frame
  send_frame(data, (how & 0x80) != 0 ? end_stream : 0, stream, all);
}

// Raw DATA: parts of prefixes, lengths without their bytes, padding, empty frames by the hundred.
void frame_script::send_data(input& in) {
  auto const how = in.byte();
  auto const stream = old_stream(in);
  std::string payload{in.text()};
  std::uint8_t flags = (how & 0x80) != 0 ? end_stream : 0;
  if ((how & 1) != 0) payload.resize(in.number(2) % longest_frame, 'd');
  if ((how & 2) != 0) {
    std::size_t const padding = in.byte();
    payload = number(padding, 1) + payload + std::string((how & 4) != 0 ? padding : 0, '\0');
    flags |= padded;
  }
  int const times = (how & 0x18) == 0x18 ? 100 : 1;
  for (int i = 0; i != times; ++i) send_frame(data, flags, stream, payload);
}

void frame_script::send_settings(input& in) {
  auto const how = in.byte();
  if ((how & 0x80) != 0) return send_frame(settings, ack, 0, {});
  std::string payload;
  for (unsigned i = 0; i != how % 5U; ++i) {
    auto const id = in.below(10);
    constexpr std::uint32_t usual[]{0,      1,      100,        4096,       16'384,
                                    65'535, 65'536, 16'777'215, 0x7fffffff, 0xffffffff};
    std::uint32_t const value = usual[in.below(std::size(usual))];
    if (id == 5) to_.judge().allow_frames_of(value);
    payload.append(number(id, 2)).append(number(value, 4));
  }
  send_frame(settings, 0, 0, payload);
}

void frame_script::send_window(input& in) {
  constexpr std::uint32_t usual[]{0, 1, 5, 100, 16'384, 65'535, 1U << 20U, 0x7fffffff, 0x80000001};
  auto const stream = in.one_in(3) ? 0 : old_stream(in);
  send_frame(window_update, 0, stream, number(in.pick(usual), 4));
}

void frame_script::send_control(input& in) {
  switch (in.below(4)) {
    case 0: return send_frame(ping, 0, 0, number(in.byte(), 8));
    case 1: return send_frame(ping, ack, 0, number(in.number(8), 8));
    case 2:
      return send_frame(goaway, 0, 0,
                        number(in.number(1), 4) + number(in.below(16), 4) + std::string{in.text()});
    default: return send_frame(priority, 0, old_stream(in), number(in.number(5), 5));
  }
}

void frame_script::send_odd_frame(input& in) {
  auto const type = in.byte();
  auto const flags = in.byte();
  auto const stream = in.one_in(2) ? static_cast<std::uint32_t>(in.number(4)) : old_stream(in);
  send_frame(type, flags, stream, in.text());
}

void frame_script::wait(input& in) {
  switch (in.below(8)) {
    case 0: return to_.set_deaf(true);
    case 1: return to_.set_deaf(false);
    case 2: return to_.half_close();
    case 3: return to_.hang_up();
    case 4: return to_.send(in.text());  // bytes between the frames
    default: return to_.advance(std::chrono::milliseconds{in.byte() * 100});
  }
}

void frame_script::send_frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                              std::string_view payload) {
  to_.send(frame(type, flags, stream, payload));
}

}  // namespace sluice::fuzz
