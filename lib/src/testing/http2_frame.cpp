// SPDX-License-Identifier: Apache-2.0
#include <sluice/testing/scripted_peer.hpp>

#include <algorithm>
#include <array>

namespace sluice::testing {
namespace {

constexpr std::array<std::string_view, 10> type_names{
    "DATA",         "HEADERS", "PRIORITY", "RST_STREAM",    "SETTINGS",
    "PUSH_PROMISE", "PING",    "GOAWAY",   "WINDOW_UPDATE", "CONTINUATION"};

void append_number(std::string& to, std::uint32_t value, unsigned bytes) {
  for (unsigned i = bytes; i-- != 0;) to.push_back(static_cast<char>(value >> (8 * i)));
}

// Printable bytes as they are, the others as \xNN, cut after a while.
std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 200;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out{"\""};
  for (char const c : text.substr(0, longest)) {
    auto const byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      out.push_back(c);
    } else {
      out.append("\\x").push_back(digits[byte >> 4U]);
      out.push_back(digits[byte & 0xfU]);
    }
  }
  out.push_back('"');
  if (text.size() > longest) out.append("... of ").append(std::to_string(text.size())).append(" bytes");
  return out;
}

}  // namespace

http2_frame& http2_frame::message(std::string_view body, std::uint8_t compressed) {
  payload.push_back(static_cast<char>(compressed));
  append_number(payload, static_cast<std::uint32_t>(body.size()), 4);
  payload.append(body);
  return *this;
}

http2_frame& http2_frame::without(std::string_view name) {
  std::erase_if(fields, [name](auto const& field) { return field.first == name; });
  absent.emplace_back(name);
  return *this;
}

std::optional<std::string_view> http2_frame::value_of(std::string_view name) const noexcept {
  auto const found =
      std::find_if(fields.begin(), fields.end(), [name](auto const& f) { return f.first == name; });
  if (found == fields.end()) return std::nullopt;
  return found->second;
}

std::string http2_frame::to_string() const {
  auto const number = static_cast<std::size_t>(type);
  std::string out{number < type_names.size() ? type_names[number] : "UNKNOWN"};
  out.append("(").append(std::to_string(stream)).append(")");
  bool const has_end = type == frame_type::data || type == frame_type::headers;
  if ((flags & 1U) != 0) out.append(has_end ? " END_STREAM" : " ACK");
  if (!fields.empty() || !absent.empty()) {
    out.append(" {");
    for (auto const& [name, value] : fields) out.append(name).append(": ").append(value).append("; ");
    for (auto const& name : absent) out.append("no ").append(name).append("; ");
    out.append("}");
  }
  if (!payload.empty()) out.append(" ").append(in_quotes(payload));
  return out;
}

http2_frame headers(std::uint32_t stream) { return {frame_type::headers, stream, http2_frame::end_headers}; }
http2_frame data(std::uint32_t stream) { return {frame_type::data, stream}; }

http2_frame rst_stream(std::uint32_t stream, std::uint32_t error) {
  http2_frame made{frame_type::rst_stream, stream};
  append_number(made.payload, error, 4);
  return made;
}

http2_frame settings(std::initializer_list<std::pair<std::uint16_t, std::uint32_t>> values) {
  http2_frame made{frame_type::settings, 0};
  for (auto const& [id, value] : values) {
    append_number(made.payload, id, 2);
    append_number(made.payload, value, 4);
  }
  return made;
}

http2_frame settings_ack() { return {frame_type::settings, 0, http2_frame::ack}; }
http2_frame ping(std::string_view eight_bytes) { return {frame_type::ping, 0, 0, std::string{eight_bytes}}; }
http2_frame ping_ack(std::string_view eight_bytes) {
  return {frame_type::ping, 0, http2_frame::ack, std::string{eight_bytes}};
}

http2_frame goaway(std::uint32_t last_stream, std::uint32_t error, std::string_view debug) {
  http2_frame made{frame_type::goaway, 0};
  append_number(made.payload, last_stream, 4);
  append_number(made.payload, error, 4);
  made.payload.append(debug);
  return made;
}

http2_frame window_update(std::uint32_t stream, std::uint32_t increment) {
  http2_frame made{frame_type::window_update, stream};
  append_number(made.payload, increment, 4);
  return made;
}

http2_frame request(std::uint32_t stream, std::string_view path) {
  return headers(stream)
      .method("POST")
      .field(":scheme", "http")
      .path(path)
      .field(":authority", "test.example")
      .field("te", "trailers")
      .field("content-type", "application/grpc");
}
http2_frame response(std::uint32_t stream) {
  return headers(stream).status(200).field("content-type", "application/grpc");
}
http2_frame trailers(std::uint32_t stream, code outcome) {
  return headers(stream).grpc_status(outcome).end();
}

}  // namespace sluice::testing
