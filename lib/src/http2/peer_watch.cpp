// SPDX-License-Identifier: Apache-2.0
#include "http2/peer_watch.hpp"

#include "http2/frame_types.hpp"

#include <string>
#include <utility>

namespace sluice::http2 {

peer_watch::peer_watch(http2::side ours, peer_limits const& limits, host& session)
    : side_{ours}, max_continuations_{limits.max_continuations}, session_{session},
      budget_{limits.abuse_burst, limits.abuse_per_second},
      resets_{limits.reset_burst, limits.resets_per_second} {}

void peer_watch::judge(frame_head const& head) {
  look_at(head);
  if (!session_.is_ending()) charge(budget_.judge(head));
}

void peer_watch::look_at(frame_head const& head) {
  switch (head.type) {
    case frames::data: return note_end(head);
    case frames::headers: return look_at_headers(head);
    case frames::priority: return look_at_priority(head);
    case frames::rst_stream: return look_at_reset(head);
    case frames::continuation:
      if (++continuations_ > max_continuations_)
        session_.end(errors::enhance_your_calm, "too many CONTINUATION frames");
      return;
    case frames::push_promise: return session_.end(errors::protocol, "PUSH_PROMISE: nobody allowed it");
    default: return;
  }
}

void peer_watch::look_at_headers(frame_head const& head) {
  continuations_ = 0;
  note_end(head);
  if (!is_server()) return;
  switch (ids_.headers_on(head.stream)) {
    case stream_ids::verdict::opens: return budget_.stream_opened();
    case stream_ids::verdict::known: return;
    case stream_ids::verdict::skipped:
      return session_.end(errors::protocol, "HEADERS: stream id below one that was opened before");
  }
}

// RFC 9113 has no priorities, and nghttp2 looks at them no more: these were errors before.
void peer_watch::look_at_priority(frame_head const& head) {
  if (head.stream == 0) session_.end(errors::protocol, "PRIORITY: stream 0");
  else if (head.dependency == head.stream) session_.end(errors::protocol, "PRIORITY: depends on itself");
}

// What a server sends behind its RST_STREAM is an error of the stream, not of the connection (RFC 9113, 5.1): gRPC's C++
// servers send their trailers a second time at a deadline.
void peer_watch::look_at_reset(frame_head const& head) {
  if (is_server()) {
    ended_streams_.add(head.stream);
    if (!resets_.take(session_.now())) session_.end(errors::enhance_your_calm, "too many streams were reset");
    return;
  }
  bool const first = ended_streams_.take(head.stream) || session_.is_open(head.stream);
  if (first && !answered_streams_.contain(head.stream)) reset_streams_.add(head.stream);
}

void peer_watch::note_end(frame_head const& head) {
  if (ended_streams_.contain(head.stream))
    return session_.end(errors::stream_closed, "DATA or HEADERS on a stream that was ended before");
  if (reset_streams_.take(head.stream)) {
    answered_streams_.add(head.stream);
    late_.push_back(head.stream);
  }
  if ((head.flags & frames::end_stream) != 0) ended_streams_.add(head.stream);
}

void peer_watch::charge(offence what) {
  if (what == offence::none || budget_.pay(session_.now())) return;
  constexpr std::string_view text = "too many frames without use, the last: ";
  session_.end(errors::enhance_your_calm, std::string{text}.append(to_string(what)));
}

void peer_watch::stream_reset(std::int32_t id) {
  answered_streams_.add(id);
  static_cast<void>(reset_streams_.take(id));
  std::erase(late_, id);
}

std::vector<std::int32_t> peer_watch::take_late() {
  paid_resets_ += late_.size();
  return std::exchange(late_, {});
}

bool peer_watch::is_ours(std::uint32_t error) noexcept {
  return error == errors::none || error == errors::cancel || error == errors::internal;
}

void peer_watch::reset_sent(std::uint32_t error) {
  if (is_ours(error)) return;
  if (paid_resets_ != 0) --paid_resets_;
  else charge(offence::stream_error);
}

}  // namespace sluice::http2
