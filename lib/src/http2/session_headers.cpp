// SPDX-License-Identifier: Apache-2.0
// How header lists pass nghttp2 by (design/0015): it gives out and is given frames with empty ones.
#include "http2/frame_types.hpp"
#include "http2/session_impl.hpp"

#include <algorithm>
#include <utility>

namespace sluice::http2 {

// In place of the empty one that nghttp2 has made of an empty list.
void session::impl::put_headers(frame_head head) {
  constexpr std::size_t largest = 16 * 1024;  // every peer takes it
  for (bytes_view rest = block.view();;) {
    auto const part = rest.first(std::min(rest.size(), largest));
    rest = rest.subspan(part.size());
    head.length = static_cast<std::uint32_t>(part.size());
    if (!rest.empty()) head.flags &= static_cast<std::uint8_t>(~frames::end_headers);
    else head.flags |= frames::end_headers;
    write_frame_head(head, out->prepare(frame_head_size).data());
    out->commit(frame_head_size);
    out->append(part);
    if (rest.empty()) break;
    head.type = frames::continuation;
    head.flags = 0;
  }
  constexpr std::size_t most_kept_room = 4096;
  if (block.capacity() > most_kept_room) block.release();
}

ssize_t session::impl::take(bytes_view rest) {
  frame_part part;
  ssize_t taken = 0;
  while (taken >= 0 && !ending && !no_memory && !silent && cursor.next(rest, part)) {
    if (part.begins) watch.judge(part.head);
    if (part.error != errors::none) end(part.error, part.violation);
    if (ending) break;
    auto const bytes = part.raw.empty() ? part.bare : part.raw;
    if (part.block_ends) taken = take_block(part);
    else if (!part.goaway.empty()) taken = take_leave(part);
    else if (!bytes.empty()) taken = pass_on(bytes);
  }
  return taken;
}

// nghttp2 reads nothing more behind a GOAWAY once no stream is open. But a client may have streams under way that it opened
// before it said so (what it says of streams means nothing: servers open none), and a server may say a second one, with the
// reason.
ssize_t session::impl::take_leave(frame_part const& part) {
  bool const hears = !is_server() && nghttp2_session_want_read(native) != 0;
  if (hears || !peer_began) {
    auto const taken = pass_on(part.bare);
    return taken < 0 ? taken : pass_on(part.goaway);
  }
  client_left = is_server();
  auto const said = read_goaway(part.goaway);
  events.goaway(said.last_stream, said.error, said.text);
  cursor.release();
  return 0;
}

ssize_t session::impl::take_block(frame_part const& part) {
  ssize_t taken = 0;
  switch (decoder.decode(part.block)) {
    case header_decoder::outcome::decoded: taken = pass_on(part.bare); break;
    case header_decoder::outcome::malformed:
      end(errors::compression, "a header block does not decode");
      break;
    case header_decoder::outcome::too_large: end(errors::protocol, "header list far above the limit"); break;
  }
  decoder.release();
  cursor.release();
  return taken;
}

ssize_t session::impl::pass_on(bytes_view bytes) {
  return nghttp2_session_mem_recv(native, reinterpret_cast<std::uint8_t const*>(bytes.data()), bytes.size());
}

void session::impl::hear(stream_user& who, nghttp2_headers const& frame, bool end) {
  auto& list = decoder.list();
  auto& check = who.message_;
  if (frame.cat != NGHTTP2_HCAT_REQUEST) check.begin_list(options.side, frame.cat == NGHTTP2_HCAT_RESPONSE);
  check.take(list);
  who.peer_ended_ |= end;
  if (!check.end_list(options.side, end)) return reset_malformed(who, frame.hd.stream_id);
  bool const too_large = list.size > options.max_header_list_size;
  if (too_large) list.cut(options.max_header_list_size);
  events.headers(who, list.fields, end, too_large);
}

}  // namespace sluice::http2
