// SPDX-License-Identifier: Apache-2.0
#include "load_connection.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace bench {
namespace {

constexpr std::size_t input_size = 256 * 1024;
constexpr std::uint32_t receive_window = 1u << 30;

void append_text(bytes& to, std::string_view text) {
  to.push_back(static_cast<std::uint8_t>(text.size()));  // below 127 and not Huffman-coded
  to.insert(to.end(), text.begin(), text.end());
}

// A literal that never enters the HPACK table, as of clients whose timeouts differ from call to call.
void append_deadline(bytes& to, std::uint32_t seconds) {
  if (seconds == 0) return;
  to.push_back(0x10);
  append_text(to, "grpc-timeout");
  append_text(to, std::to_string(seconds) + "S");
}

// Protobuf by hand: field 1, length-delimited.
bytes encode_message(std::uint32_t size) {
  bytes body{0x0a};
  for (auto rest = size;; rest >>= 7) {
    body.push_back(static_cast<std::uint8_t>(rest < 128 ? rest : rest | 0x80));
    if (rest < 128) break;
  }
  body.insert(body.end(), size, 'x');
  bytes message{0};
  append_number(message, static_cast<std::uint32_t>(body.size()), 4);
  message.insert(message.end(), body.begin(), body.end());
  return message;
}

}  // namespace

load_connection::load_connection(program_options const& options, load_budget& budget, load_tls const& tls,
                                 unsigned number)
    : socket_(options.port, tls, number), budget_(budget), options_(options),
      message_(encode_message(options.size)),
      input_(std::make_unique_for_overwrite<std::uint8_t[]>(input_size)) {
  if (message_.size() > 16384) fail("the load sends a message in one DATA frame: 16384 bytes at most");
  std::string_view const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  output_.assign(preface.begin(), preface.end());
  bytes settings;
  append_number(settings, 2, 2);  // ENABLE_PUSH
  append_number(settings, 0, 4);
  append_number(settings, 4, 2);  // INITIAL_WINDOW_SIZE
  append_number(settings, receive_window, 4);
  append_frame(NGHTTP2_SETTINGS, 0, 0, settings);
  append_window_update(receive_window);
}

void load_connection::append_frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                                   std::span<std::uint8_t const> payload) {
  bench::append_frame(output_, type, flags, stream, payload);
}

void load_connection::append_window_update(std::uint32_t by) {
  bytes increment;
  append_number(increment, by, 4);
  append_frame(NGHTTP2_WINDOW_UPDATE, 0, 0, increment);
}

// RFC 7541: five literals enter the dynamic table, at 66 (the oldest) to 62.
void load_connection::encode_request(std::uint32_t table_size) {
  if (table_size < 512) fail("the server's HPACK table is too small for the load");
  bytes first;
  if (table_size < 4096) {
    first.push_back(0x3f);  // a table size update, 5-bit prefix
    for (auto rest = table_size - 31;; rest >>= 7) {
      first.push_back(static_cast<std::uint8_t>(rest < 128 ? rest : rest | 0x80));
      if (rest < 128) break;
    }
  }
  std::uint8_t const scheme = socket_.encrypted() ? 0x87 : 0x86;  // https, http
  first.insert(first.end(), {0x83, scheme});  // :method POST
  first.push_back(0x44);  // :path
  append_text(first, "/bench.Echo/Unary");
  first.push_back(0x41);  // :authority
  append_text(first, "localhost:" + std::to_string(options_.port));
  first.push_back(0x40);
  append_text(first, "te");
  append_text(first, "trailers");
  first.push_back(0x5f);  // content-type
  append_text(first, "application/grpc");
  first.push_back(0x7a);  // user-agent
  append_text(first, "grpc-load");
  append_deadline(first, options_.deadline);
  first_headers_ = std::move(first);

  bytes unary{0x83, scheme, 0xc2, 0xc1, 0xc0, 0xbf, 0xbe};
  append_deadline(unary, options_.deadline);
  bytes stream{0x83, scheme, 0x04};  // :path, not into the table
  append_text(stream, "/bench.Echo/Both");
  stream.insert(stream.end(), {0xc1, 0xc0, 0xbf, 0xbe});
  append_deadline(stream, options_.held > 0 ? options_.held_deadline : options_.deadline);
  later_request_.clear();
  bench::append_frame(later_request_, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 0, unary);
  bench::append_frame(later_request_, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 0, message_);
  stream_request_.clear();
  bench::append_frame(stream_request_, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 0, stream);
  bench::append_frame(stream_request_, NGHTTP2_DATA, 0, 0, message_);
}

// HEADERS and one frame of DATA, with the next stream's id.
void load_connection::append_request(bytes const& encoded) {
  auto const at = output_.size();
  output_.insert(output_.end(), encoded.begin(), encoded.end());
  std::uint32_t const id = htonl(next_stream_);
  auto const data_at = encoded.size() - message_.size() - frame_header_size;
  std::memcpy(output_.data() + at + 5, &id, 4);
  std::memcpy(output_.data() + at + data_at + 5, &id, 4);
}

bool load_connection::can_begin() const {
  auto const most = options_.kind == "connect" && begun_ > 0 ? 0 : options_.streams;
  return ready_ && outstanding_ < most && send_window_ >= static_cast<std::int64_t>(message_.size());
}

void load_connection::begin_call(std::int64_t intended) {
  if (budget_.on_schedule.fast) intended_.push_back(intended);
  if (begun_++ == 0) {
    append_frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, next_stream_, first_headers_);
    append_frame(NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, next_stream_, message_);
  } else {
    append_request(later_request_);
    if (is_slow(begun_ - 1)) output_.back() = 's';
  }
  next_stream_ += 2;
  send_window_ -= static_cast<std::int64_t>(message_.size());
  ++outstanding_;
}

void load_connection::begin_stream() {
  append_request(stream_request_);
  ++begun_;
  next_stream_ += 2;
  send_window_ -= static_cast<std::int64_t>(message_.size());
  ++outstanding_;
}

void load_connection::hold(unsigned count) {
  first_held_ = next_stream_;
  held_windows_.assign(count, std::int64_t{stream_window_} - static_cast<std::int64_t>(message_.size()));
  while (count-- > 0) begin_stream();
  if (send_window_ < 0) fail("the server's window is too small for so many streams");
}

bool load_connection::is_held(std::uint32_t stream) const {
  return first_held_ != 0 && stream >= first_held_ && stream < first_held_ + 2 * held_windows_.size();
}

// Of the mixed kind: every second stream of the connection.
bool load_connection::ends_after_message(std::uint32_t stream) const {
  return options_.kind == "mixed" && stream % 4 == 3;
}

bool load_connection::send_on_held() {
  auto& window = held_windows_[next_held_];
  if (window < static_cast<std::int64_t>(message_.size())) return false;
  window -= static_cast<std::int64_t>(message_.size());
  send_window_ -= static_cast<std::int64_t>(message_.size());
  append_frame(NGHTTP2_DATA, 0, first_held_ + 2 * static_cast<std::uint32_t>(next_held_), message_);
  next_held_ = (next_held_ + 1) % held_windows_.size();
  ++begun_;
  ++outstanding_;
  return true;
}

bool load_connection::begin() {
  if (options_.kind == "messages") return send_on_held();
  ends_after_message(next_stream_) ? begin_stream() : begin_call();
  return true;
}

void load_connection::fill() {
  while (budget_.to_start > 0 && can_begin()) {
    if (!begin()) return;
    --budget_.to_start;
  }
}

void load_connection::on_readable() {
  while (auto const got = socket_.receive(input_.get() + input_filled_, input_size - input_filled_)) {
    received_ += got;
    input_filled_ += got;
    auto const taken = split_frames({input_.get(), input_filled_}, [this](frame const& each) { take(each); });
    std::memmove(input_.get(), input_.get() + taken, input_filled_ - taken);
    input_filled_ -= taken;
    if (input_filled_ == input_size) fail("a frame larger than was allowed");
    if (!socket_.encrypted()) return;  // what TLS has decrypted ahead, poll does not know of
  }
}

void load_connection::take(frame const& arrived) {
  switch (arrived.type) {
    case NGHTTP2_DATA: return take_data(arrived);
    case NGHTTP2_HEADERS: return take_headers(arrived);
    case NGHTTP2_SETTINGS: return take_settings(arrived);
    case NGHTTP2_PING:
      if (arrived.flags & NGHTTP2_FLAG_ACK) return;
      return append_frame(NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, arrived.payload);
    case NGHTTP2_WINDOW_UPDATE:
      if (arrived.payload.size() == 4) window_opens(arrived.stream, read_number(arrived.payload.data(), 4));
      return;
    case NGHTTP2_GOAWAY: fail("GOAWAY: " + std::string(arrived.payload.begin(), arrived.payload.end()));
    case NGHTTP2_RST_STREAM:
      if (options_.cancel && ends_after_message(arrived.stream)) return;
      fail("a call was reset");
    case NGHTTP2_CONTINUATION: fail("the load reads no CONTINUATION");
    default: return;
  }
}

void load_connection::take_settings(frame const& arrived) {
  if (arrived.flags & NGHTTP2_FLAG_ACK) return;
  std::uint32_t table_size = 4096;
  auto const wanted = options_.held + (options_.kind == "messages" ? 0 : options_.streams);
  for (std::size_t at = 0; at + 6 <= arrived.payload.size(); at += 6) {
    auto const id = read_number(arrived.payload.data() + at, 2);
    auto const value = read_number(arrived.payload.data() + at + 2, 4);
    if (id == NGHTTP2_SETTINGS_HEADER_TABLE_SIZE) table_size = value;
    if (id == NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS && value < wanted)
      fail("the server allows only " + std::to_string(value) + " streams");
    if (id == NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE && value < message_.size())
      fail("the server's window for a stream is smaller than the message");
    if (id == NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE) stream_window_ = value;
  }
  append_frame(NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, {});
  if (!ready_) encode_request(table_size);
  ready_ = true;
}

void load_connection::take_headers(frame const& arrived) {
  auto block = arrived.payload;
  if (!(arrived.flags & NGHTTP2_FLAG_END_HEADERS) || (arrived.flags & NGHTTP2_FLAG_PADDED))
    fail("the load reads header blocks only in one frame without padding");
  if (arrived.flags & NGHTTP2_FLAG_PRIORITY) block = block.subspan(5);
  bool const last = arrived.flags & NGHTTP2_FLAG_END_STREAM;
  auto const meaning = check_.check(block);
  if (options_.cancel && ends_after_message(arrived.stream)) return;  // some servers answer after the reset
  if (meaning == reply_check::verdict::failed) fail(check_.reason());
  if (last != (meaning == reply_check::verdict::ok))
    fail("the reply ends without grpc-status, or does not end with it");
  if (last && is_held(arrived.stream)) fail("the server ended a stream that is held open");
  if (last) call_ended(arrived.stream);
}

void load_connection::take_data(frame const& arrived) {
  if (arrived.flags & (NGHTTP2_FLAG_END_STREAM | NGHTTP2_FLAG_PADDED))
    fail("DATA that is padded or ends the stream");
  if (arrived.stream == 1)
    first_reply_.insert(first_reply_.end(), arrived.payload.begin(), arrived.payload.end());
  data_received_ += arrived.payload.size();
  data_since_update_ += arrived.payload.size();
  message_returned(arrived.stream, arrived.payload.size());
  if (data_since_update_ < receive_window / 4) return;
  append_window_update(static_cast<std::uint32_t>(data_since_update_));
  data_since_update_ = 0;
}

// Of a stream whose request has not ended.
void load_connection::message_returned(std::uint32_t stream, std::size_t size) {
  if (is_held(stream)) {
    held_received_ += size;
    for (; held_received_ >= message_.size(); held_received_ -= message_.size()) call_ended(stream);
  } else if (ends_after_message(stream)) {
    if (size != message_.size()) fail("an echo in several frames");
    if (!options_.cancel) return append_frame(NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, stream, {});
    bytes error;
    append_number(error, NGHTTP2_CANCEL, 4);
    append_frame(NGHTTP2_RST_STREAM, 0, stream, error);
    call_ended(stream);
  }
}

void load_connection::window_opens(std::uint32_t stream, std::uint32_t by) {
  if (stream == 0) send_window_ += by;
  else if (is_held(stream)) held_windows_[(stream - first_held_) / 2] += by;
}

void load_connection::call_ended(std::uint32_t stream) {
  if (stream == 1 && !std::ranges::equal(first_reply_, message_)) fail("the first reply is no echo");
  --outstanding_;
  --budget_.to_finish;
  if (budget_.on_schedule.fast) record_time((stream - 1) / 2);
}

void load_connection::record_time(std::uint64_t call) {
  auto const& [begin, fast, slow] = budget_.on_schedule;
  auto const now = std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin).count();
  auto const intended = intended_[call - (begun_ - intended_.size())];  // those before had no schedule
  (is_slow(call) ? slow : fast)->record(static_cast<std::uint64_t>(now - intended));
}

void load_connection::flush() {
  if (sent_ == output_.size()) return;
  sent_ += socket_.send(output_.data() + sent_, output_.size() - sent_);
  if (sent_ < output_.size()) return;
  output_.clear();
  sent_ = 0;
}

void load_connection::check_total() const {
  if (data_received_ != begun_ * message_.size()) fail("the replies have another size than the requests");
}

}  // namespace bench
