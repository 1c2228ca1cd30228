// SPDX-License-Identifier: Apache-2.0
#include "fuzz/frame_judge.hpp"

#include "fuzz/check.hpp"

#include <algorithm>
#include <optional>

namespace sluice::fuzz {
namespace {

constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t frame_head = 9;
constexpr std::uint8_t end_stream = 0x1, end_headers = 0x4;
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

std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t size) noexcept {
  std::uint32_t value = 0;
  for (char const c : bytes.substr(at, size)) value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

std::size_t count(std::vector<http2::hpack_field> const& fields, std::string_view name) {
  return static_cast<std::size_t>(
      std::count_if(fields.begin(), fields.end(), [name](auto const& field) { return field.first == name; }));
}
std::string_view value(std::vector<http2::hpack_field> const& fields, std::string_view name) {
  for (auto const& field : fields)
    if (field.first == name) return field.second;
  return {};
}

// HTTP/2's rules for any header list (RFC 9113, 8.2).
void judge_fields(std::vector<http2::hpack_field> const& fields) {
  bool regular = false;
  for (auto const& [name, text] : fields) {
    check(!name.empty(), "a header field has a name");
    check(std::none_of(name.begin(), name.end(), [](char c) { return c >= 'A' && c <= 'Z'; }),
          "header names are in lower case");
    check(!name.starts_with(':') || !regular, "pseudo-headers come first");
    regular = regular || !name.starts_with(':');
    check(std::none_of(text.begin(), text.end(), [](char c) { return c == '\0' || c == '\r' || c == '\n'; }),
          "header values have no NUL, CR or LF");
  }
}

bool whole_messages(std::string_view body) {
  constexpr std::size_t prefix = 5;
  while (body.size() >= prefix) {
    std::size_t const length = number_at(body, 1, 4);
    if (body.size() - prefix < length) return false;
    body.remove_prefix(prefix + length);
  }
  return body.empty();
}

}  // namespace

void frame_judge::allow_frames_of(std::size_t bytes) noexcept {
  largest_frame_ = std::max(largest_frame_, bytes);
}

bool frame_judge::opened() {
  if (opened_) return true;
  if (side_ == http2::side::server) {
    foreign_ = foreign_ || inbox_.starts_with("HTTP/1.1 ");  // the answer to HTTP/1.1
    if (foreign_) inbox_.clear();
    return opened_ = !foreign_;
  }
  if (inbox_.size() < preface.size()) {
    check(preface.starts_with(inbox_), "a client begins with the preface");
    return false;
  }
  check(inbox_.starts_with(preface), "a client begins with the preface");
  inbox_.erase(0, preface.size());
  return opened_ = true;
}

void frame_judge::see(std::string_view bytes) {
  inbox_.append(bytes);
  if (inbox_.empty() || !opened()) return;
  std::string_view left = inbox_;
  while (left.size() >= frame_head) {
    std::size_t const length = number_at(left, 0, 3);
    check(length <= largest_frame_, "no frame is larger than the peer allows");
    if (left.size() - frame_head < length) break;
    judge({static_cast<std::uint8_t>(left[3]), static_cast<std::uint8_t>(left[4]), number_at(left, 5, 4),
           left.substr(frame_head, length)});
    left.remove_prefix(frame_head + length);
  }
  inbox_.erase(0, inbox_.size() - left.size());
}

void frame_judge::judge(frame const& one) {
  check(++frames_ != 1 || one.type == settings, "the first frame is SETTINGS");
  check((block_stream_ != 0) == (one.type == continuation), "nothing comes inside a header block");
  bool const of_connection = one.type == settings || one.type == ping || one.type == goaway;
  check(of_connection ? one.stream == 0 : one.stream != 0 || one.type == window_update,
        "frames are on streams that they belong to");
  bool const push_refused = side_ == http2::side::client && one.type == rst_stream;
  check(one.stream == 0 || one.stream % 2 == 1 || push_refused, "all streams are the client's");
  if (of_connection || one.stream == 0) return;
  stream& on = streams_[one.stream];
  switch (one.type) {
    case headers:
    case continuation: return judge_headers(one, on);
    case data: return judge_data(one, on);
    case rst_stream:
      check(!on.reset, "a stream is reset once");
      on.reset = true;
      return;
    case window_update: check(!on.reset, "no window opens after a reset"); return;
    default: check(false, "only frames that gRPC needs are sent");
  }
}

void frame_judge::judge_headers(frame const& one, stream& on) {
  check(!on.ended && !on.reset, "no headers come after the end of a stream");
  if (one.type == headers) block_flags_ = one.flags;
  else check(one.stream == block_stream_, "a header block stays on its stream");
  block_stream_ = one.stream;
  block_.append(one.payload);
  if ((one.flags & end_headers) == 0) return;

  std::vector<http2::hpack_field> fields;
  check(decoder_.decode(as_bytes(block_), fields), "a header block decodes");
  block_.clear();
  block_stream_ = 0;
  bool const last = (block_flags_ & end_stream) != 0;
  judge_fields(fields);
  if (!on.headed) {
    judge_head(fields, on, last);
    on.headed = true;
  } else {
    check(last, "headers after the first are trailers");
    check(side_ == http2::side::server, "a request has no trailers");
    check(count(fields, ":status") == 0, "trailers have no :status");
    check(count(fields, "grpc-status") == 1, "trailers have one grpc-status");
  }
  if (last) end(on, value(fields, "grpc-status"));
}

void frame_judge::judge_head(std::vector<http2::hpack_field> const& fields, stream& on, bool last) const {
  if (side_ == http2::side::client) {
    for (std::string_view const name : {":method", ":scheme", ":path", "te", "content-type"})
      check(count(fields, name) == 1, "a request has its fields once");
    return;
  }
  check(count(fields, ":status") == 1, "a response has one :status");
  on.grpc = value(fields, "content-type").starts_with("application/grpc");
  check(on.grpc == (value(fields, ":status") == "200"), "what is not gRPC is answered by another status");
  check(count(fields, "grpc-status") == (on.grpc && last ? 1U : 0U), "grpc-status comes at the end, once");
}

void frame_judge::judge_data(frame const& one, stream& on) {
  check(on.headed && !on.ended && !on.reset, "DATA comes between head and end");
  on.body.append(one.payload);
  if ((one.flags & end_stream) == 0) return;
  check(side_ == http2::side::client || !on.grpc, "a gRPC response ends by trailers");
  end(on, {});
}

void frame_judge::end(stream& on, std::string_view grpc_status) {
  on.ended = true;
  ++ended_;
  if (side_ == http2::side::server && !on.grpc) return;
  if (side_ == http2::side::server) {
    check(!grpc_status.empty() && grpc_status.size() <= 2, "grpc-status is a number");
    unsigned number = 0;
    for (char const c : grpc_status) {
      check(c >= '0' && c <= '9', "grpc-status is a number");
      number = number * 10 + static_cast<unsigned>(c - '0');
    }
    check(number <= 16, "grpc-status is at most 16");
  }
  bool const well = side_ == http2::side::client || grpc_status == "0";
  check(!well || whole_messages(on.body), "an OK stands behind whole messages");
}

}  // namespace sluice::fuzz
