// SPDX-License-Identifier: Apache-2.0
// The readers and writers of header fields against each other.
#include "fuzz/check.hpp"
#include "fuzz/input.hpp"
#include "support/received.hpp"
#include "wire/base64.hpp"
#include "wire/content_type.hpp"
#include "wire/metadata_fields.hpp"
#include "wire/percent.hpp"
#include "wire/request_head.hpp"
#include "wire/response_head.hpp"
#include "wire/timeout.hpp"
#include "wire/trailers.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

using namespace sluice;
using namespace sluice::fuzz;

namespace {

bool can_be_sent(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; }) &&
         !value.starts_with(' ') && !value.ends_with(' ');
}

void check_timeout(input& in) {
  if (in.one_in(2)) {
    duration const wanted{static_cast<duration::rep>(in.number(8))};
    auto const text = wire::format_timeout(wanted);
    check(text.size() >= 2 && text.size() <= 9, "a timeout has eight digits and a unit");
    auto const read = wire::parse_timeout(text);
    check(read.has_value(), "what is written can be read");
    check(*read >= wanted, "a timeout is not cut short");
    constexpr double coarsest = 1.0001;  // eight digits
    auto const nanoseconds = static_cast<double>(std::chrono::nanoseconds{wanted}.count());
    check(wanted <= duration::zero() || static_cast<double>(std::chrono::nanoseconds{*read}.count()) <=
                                            nanoseconds * coarsest + 1'000'000'000.0 * (nanoseconds > 1e17),
          "a timeout is rounded by its last digit");
    return;
  }
  auto const text = in.rest();
  auto const read = wire::parse_timeout(text);
  if (!read) return;
  check(*read >= duration::zero() && text.size() >= 2 && text.size() <= 9, "a timeout is a time");
  if (*read == duration::max()) return;
  auto const again = wire::parse_timeout(wire::format_timeout(*read));
  check(again && *again >= *read, "a timeout goes round");
}

void check_percent(input& in) {
  std::string const raw{in.rest()};
  auto const encoded = wire::percent_encode(raw);
  check(can_be_sent(encoded), "what is encoded can be sent");
  check(wire::percent_decode(encoded) == raw, "percent goes round");
  check(wire::percent_decode(raw).size() <= raw.size(), "decoding makes nothing longer");
}

void check_base64(input& in) {
  auto const raw = in.rest();
  auto const encoded = wire::base64_encode(raw);
  check(can_be_sent(encoded) && encoded.find('=') == encoded.npos, "what is encoded can be sent, unpadded");
  check(wire::base64_decode(encoded) == std::string{raw}, "base64 goes round");
  check(wire::base64_decode(encoded + std::string((4 - encoded.size() % 4) % 4, '=')) == std::string{raw},
        "padding is read");
  if (auto const decoded = wire::base64_decode(raw))
    check(wire::base64_decode(wire::base64_encode(*decoded)) == decoded, "what was read can be sent on");
}

void check_content_type(input& in) {
  auto const text = in.rest();
  if (!wire::is_grpc_content_type(text)) return;
  std::string lower{text.substr(0, 16)};
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  check(lower == "application/grpc", "only gRPC's types are taken");
  check(text.size() == 16 || std::string_view{"+; \t"}.find(text[16]) != std::string_view::npos,
        "a longer name is another type");
}

constexpr std::string_view names[]{":status",      ":method",       ":path",
                                   ":scheme",      ":authority",    "content-type",
                                   "grpc-status",  "grpc-message",  "grpc-status-details-bin",
                                   "grpc-timeout", "grpc-encoding", "grpc-accept-encoding",
                                   "user-agent",   "host",          "te",
                                   "some-bin",     "some-key"};
constexpr std::string_view values[]{
    "200",  "POST", "/test.Text/Unary", "http", "application/grpc", "0", "13", "%41",
    "AAEC", "1S",   "identity",         ""};

// The session takes no capitals in names (RFC 9113, 8.2.1).
wire::header_block read_block(input& in) {
  wire::header_block block;
  for (auto count = in.below(32); count != 0; --count) {
    std::string name{in.one_in(4) ? in.text(40) : in.pick(names)};
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    block.add(name, in.one_in(2) ? in.text() : in.pick(values));
  }
  return block;
}

// As a user may set them: each passes the check that the library makes.
metadata read_entries(input& in) {
  metadata entries;
  for (auto count = in.below(8); count != 0; --count) {
    std::string const key{in.one_in(2) ? in.text(20) : in.pick(names)};
    std::string const value{in.text()};
    if (!check_entry(key, value)) entries.add(key, value);
  }
  return entries;
}

// What comes back of such entries: values without blanks at their ends.
metadata as_sent(metadata const& entries) {
  metadata out;
  for (auto const& [key, value] : entries) {
    std::string_view text = value;
    while (!is_binary_key(key) && text.starts_with(' ')) text.remove_prefix(1);
    while (!is_binary_key(key) && text.ends_with(' ')) text.remove_suffix(1);
    out.add(key, text);
  }
  return out;
}

bool same(metadata const& a, metadata const& b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

void check_sendable(wire::header_block const& block) {
  for (auto const [name, value] : block)
    check(!name.empty() && can_be_sent(value), "what is written can be sent");
}

void check_trailers_read(input& in) {
  auto const block = read_block(in);
  status outcome{code::aborted, "untouched"};
  metadata entries;
  auto const error = wire::read_trailers(block, outcome, entries);
  if (error != errc::ok)
    return check(outcome.code() == code::aborted, "a failed reader leaves the status alone");
  check(static_cast<unsigned>(outcome.code()) <= 16, "a status is one of seventeen");
  check(outcome.who() == origin::peer, "the peer said it");
  wire::header_block written;
  wire::write_trailers(outcome, {}, written);
  check_sendable(written);
  status again;
  check(wire::read_trailers(written, again, entries) == errc::ok && again == outcome, "a status goes round");
}

void check_trailers_written(input& in) {
  auto const number = in.byte();
  std::string const message{in.text()};
  std::string const details{in.text()};
  auto const entries = read_entries(in);
  auto outcome = status{static_cast<code>(number), message};
  if (!details.empty()) outcome = outcome.with_details(details);
  wire::header_block block;
  if (in.one_in(2)) wire::write_trailers(outcome, entries, block);
  else wire::write_trailers_only(outcome, entries, block);
  check_sendable(block);
  status read;
  metadata read_back;
  check(wire::read_trailers(block, read, read_back) == errc::ok, "what is written can be read");
  check(same(read_back, as_sent(entries)), "metadata goes round");
  if (number == 0) return check(read.ok(), "OK goes round");
  check(read.code() == (number > 16 ? code::unknown : static_cast<code>(number)), "a code goes round");
  check(read.message() == message && read.details() == details, "message and details go round");
}

void check_request(input& in) {
  wire::request_head head;
  auto const received = read_block(in);
  auto const verdict = wire::read_request_head(received, head);
  if (verdict.accepted()) {
    check(head.path.starts_with('/'), "no path without a slash is taken");
    check(wire::is_grpc_content_type(head.content_type), "no other type is taken");
  } else if (verdict.http_status != 200) {
    wire::header_block refusal;
    wire::write_http_refusal(verdict, refusal);
    check_sendable(refusal);
    check(!verdict.text.empty(), "a refusal says why");
  }
  wire::request_head sent;
  sent.path = "/test.Text/Unary";
  if (in.one_in(2)) sent.timeout = duration{static_cast<duration::rep>(in.number(6))};
  auto const entries = read_entries(in);
  wire::header_block block;
  wire::write_common_head(sent, block);
  wire::write_own_head(sent, entries, block);
  check_sendable(block);
  wire::request_head read;
  metadata read_back;
  check(wire::read_request_head(block, read).accepted(), "what is written is taken");
  check(read.path == sent.path && read.timeout.has_value() == sent.timeout.has_value(), "a head goes round");
  check(wire::read_metadata(block, read_back) == errc::ok && same(read_back, as_sent(entries)),
        "metadata goes round");
}

void check_response(input& in) {
  wire::response_head head;
  auto const block = read_block(in);
  auto const error = wire::read_response_head(block, head);
  if (error == errc::bad_content_type)
    check(!wire::status_without_grpc(head).ok(), "what is not gRPC is no OK");
  else if (error == errc::ok) check(head.informational() || head.http_status == 200, "only 200 is gRPC");
  metadata entries;
  static_cast<void>(wire::read_metadata(block, entries));
  for (auto const& [key, value] : entries)
    check(!key.starts_with(':') && !is_reserved_key(key), "the protocol's own keys are no metadata");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  input in{bytes, size};
  switch (in.below(8)) {
    case 0: check_timeout(in); break;
    case 1: check_percent(in); break;
    case 2: check_base64(in); break;
    case 3: check_content_type(in); break;
    case 4: check_trailers_read(in); break;
    case 5: check_trailers_written(in); break;
    case 6: check_request(in); break;
    default: check_response(in); break;
  }
  return 0;
}
