// SPDX-License-Identifier: Apache-2.0
// Messages that are right or nearly so, judged by us and by nghttp2 (RFC 9113, 8.1 to 8.3).
#include "fuzz/check.hpp"
#include "fuzz/frame_script.hpp"
#include "fuzz/input.hpp"
#include "fuzz/plain_session.hpp"
#include "http2/frame_types.hpp"
#include "http2/hpack.hpp"

#include <string>
#include <string_view>
#include <vector>

using namespace sluice;
using namespace sluice::fuzz;

namespace {

constexpr std::string_view names[]{":method",
                                   ":path",
                                   ":scheme",
                                   ":authority",
                                   "host",
                                   ":status",
                                   "content-length",
                                   "te",
                                   "connection",
                                   "keep-alive",
                                   "proxy-connection",
                                   "upgrade",
                                   "priority",
                                   "transfer-encoding",
                                   "x",
                                   "X",
                                   "a b",
                                   "aB",
                                   "",
                                   ":",
                                   ":x",
                                   ":protocol",
                                   "a:b",
                                   "_.-~!",
                                   "content-type",
                                   ":Path",
                                   "caf\xc3\xa9",
                                   "grpc-status"};
constexpr std::string_view values[]{"POST",
                                    "GET",
                                    "CONNECT",
                                    "OPTIONS",
                                    "P T",
                                    "/a/b",
                                    "*",
                                    "x",
                                    "",
                                    "/a b",
                                    "/\x7f",
                                    "http",
                                    "https",
                                    "HTTPS",
                                    "ftp",
                                    "1x",
                                    "h t",
                                    "host",
                                    "h:80",
                                    "u@h[::1]",
                                    "h\x01",
                                    "200",
                                    "101",
                                    "100",
                                    "103",
                                    "204",
                                    "304",
                                    "20",
                                    "2000",
                                    "2x0",
                                    "999",
                                    "0",
                                    "5",
                                    "3",
                                    "10",
                                    "-1",
                                    "+5",
                                    "05",
                                    "5,5",
                                    "9223372036854775807",
                                    "9223372036854775808",
                                    "trailers",
                                    "gzip",
                                    " y",
                                    "y ",
                                    "\ty",
                                    "a\tb",
                                    "a\nb",
                                    {"a\0b", 3},
                                    "\x80\xff",
                                    "u=1",
                                    "application/grpc"};

enum class kind { request, response, trailers };

// What would be right, changed in some places.
test::fields make_list(input& in, kind what) {
  test::fields list;
  if (what == kind::request)
    list = {{":method", "POST"}, {":scheme", "http"}, {":path", "/a/b"}, {":authority", "host"}};
  if (what == kind::response) list = {{":status", in.one_in(4) ? "103" : "200"}};
  if (what == kind::trailers) list = {{"grpc-status", "0"}};
  for (auto left = in.below(5); left != 0; --left) {
    auto const how = in.below(4);
    auto const at = list.empty() ? 0 : static_cast<std::ptrdiff_t>(in.below(list.size()));
    if (how == 0 && !list.empty()) {
      list.erase(list.begin() + at);
      continue;
    }
    std::string_view const name = in.pick(names);
    std::string_view const value = in.one_in(8) ? in.text(20) : in.pick(values);
    if (how == 1 && !list.empty())
      list[static_cast<std::size_t>(at)] = {std::string{name}, std::string{value}};
    else list.emplace(how == 2 ? list.begin() + at : list.end(), name, value);
  }
  return list;
}

std::string frame(std::uint8_t type, unsigned flags, std::int32_t stream, std::string_view payload) {
  std::string head(http2::frame_head_size, '\0');
  http2::write_frame_head({.length = static_cast<std::uint32_t>(payload.size()),
                           .type = type,
                           .flags = static_cast<std::uint8_t>(flags),
                           .stream = stream},
                          reinterpret_cast<std::byte*>(head.data()));
  return head.append(payload);
}

// A message's frames, one a string; it may end early, late or never.
std::vector<std::string> make_frames(input& in, bool request) {
  using namespace http2::frames;
  http2::hpack_encoder encoder;
  std::vector<std::string> all;
  bool ended = false;
  for (auto left = in.below(4) + 1; left != 0 && !ended; --left) {
    ended = in.one_in(3);
    unsigned const end = ended ? end_stream : 0;
    if (all.empty() || in.one_in(3)) {
      auto const what = !all.empty() && !in.one_in(3) ? kind::trailers
                        : request                     ? kind::request
                                                      : kind::response;
      all.push_back(frame(headers, end | end_headers, 1, encoder.encode(make_list(in, what))));
    } else {
      all.push_back(frame(data, end, 1, std::string(in.below(3) * 5, 'd')));
    }
  }
  return all;
}

// The errors of RST_STREAM frames, and whether there was a GOAWAY.
struct answers {
  std::vector<std::uint32_t> resets;
  bool goaway = false;
};
answers answers_in(std::string_view sent) {
  answers found;
  if (sent.starts_with("PRI")) sent.remove_prefix(http2::preface_size);
  http2::frame_cursor cursor{http2::side::client, sent.size()};
  http2::frame_part part;
  for (auto rest = as_bytes(sent); cursor.next(rest, part);) {
    if (part.begins && part.head.type == http2::frames::goaway) found.goaway = true;
    if (!part.begins || part.head.type != http2::frames::rst_stream) continue;
    std::uint32_t error = 0;
    for (auto const byte : part.raw.last(4)) error = error << 8U | std::to_integer<std::uint32_t>(byte);
    found.resets.push_back(error);
  }
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* bytes, std::size_t size) {
  input in{bytes, size};
  auto const how = in.byte();
  bool const server = (how & 1) != 0, half_closed = (how & 2) != 0, in_pieces = (how & 4) != 0;
  auto frames = make_frames(in, server);
  frames.insert(frames.begin(), opening(server ? http2::side::client : http2::side::server));

  test::machine ours{{.side = server ? http2::side::server : http2::side::client}};
  test::stream_end request;
  request.ending = half_closed;
  plain_session theirs{server};
  if (!server) {
    check(ours.open(request) == errc::ok, "a stream opens");
    theirs.open(half_closed);
  }
  std::string our_words = ours.sent(), their_words = theirs.sent();
  bool our_well = true, their_well = true;
  auto const take = [&](std::string_view piece) {
    our_well = our_well && ours.take(piece) == errc::ok;
    their_well = their_well && theirs.take(piece);
    our_words += ours.sent();
    their_words += theirs.sent();
  };
  std::string whole;
  for (auto const& each : frames) {
    if (in_pieces) take(each);
    else whole += each;
  }
  if (!in_pieces) take(whole);

  auto const our_answers = answers_in(our_words), their_answers = answers_in(their_words);
  check((our_well && !our_answers.goaway) == (their_well && !their_answers.goaway),
        "a connection survives for both");
  if (!our_well || our_answers.goaway) return 0;
  check(our_answers.resets == their_answers.resets, "the same resets");
  test::heard const nothing;
  test::heard const& heard = !server ? request : ours.streams.empty() ? nothing : ours.streams.front();
  check(heard.lists == theirs.heard().lists, "the same header lists are handed on");
  check_same(heard.body, theirs.heard().body, "the same content");
  check(heard.ended == theirs.heard().ended, "the same end");
  return 0;
}
