// SPDX-License-Identifier: Apache-2.0
#include "http2/session_impl.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <tuple>

namespace sluice::http2 {
namespace {

constexpr std::int32_t highest_stream = 0x7fffffff;

}  // namespace

struct session::callbacks {
  static impl& self(void* data) noexcept { return *static_cast<impl*>(data); }
  static stream_user& user_of(nghttp2_data_source* source) noexcept {
    return *static_cast<stream_user*>(source->ptr);
  }

  static int on_begin_headers(nghttp2_session* native, nghttp2_frame const* frame, void* data) {
    auto& me = self(data);
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
    stream_user* const user = me.events.stream_opened(frame->hd.stream_id);
    if (user == nullptr) {
      me.submitted(
          nghttp2_submit_rst_stream(native, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_REFUSED_STREAM));
      me.watch.charge_reset(offence::refused_stream);
      return me.go_on();
    }
    ++me.open_requests;
    nghttp2_session_set_stream_user_data(native, frame->hd.stream_id, user);
    me.latest_id = frame->hd.stream_id;
    me.latest_user = user;
    // Without RFC 7540 priorities streams would be served first in, first out; incremental ones share.
    nghttp2_extpri const fair{NGHTTP2_EXTPRI_DEFAULT_URGENCY, 1};
    nghttp2_session_change_extpri_stream_priority(native, frame->hd.stream_id, &fair, 1);
    return 0;
  }

  static int on_frame(nghttp2_session*, nghttp2_frame const* frame, void* data) {
    auto& me = self(data);
    bool const end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
        if (auto* const user = me.user(frame->hd.stream_id)) me.hear(*user, frame->headers, end);
        break;
      case NGHTTP2_DATA:
        if (auto* const user = me.user(frame->hd.stream_id); user != nullptr && end) {
          user->peer_ended_ = true;
          if (user->message_.end()) me.events.data_done(*user);
          else me.reset_malformed(*user, frame->hd.stream_id);
        }
        if (!end && frame->hd.length != 0 && frame->hd.length == frame->data.padlen)
          me.watch.charge(offence::empty_data);  // padding alone
        break;
      case NGHTTP2_SETTINGS:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) me.settings_acknowledged = true;
        else me.take_settings(frame->settings);
        break;
      case NGHTTP2_PING:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) {
          std::uint64_t opaque = 0;
          std::memcpy(&opaque, frame->ping.opaque_data, sizeof opaque);
          me.events.ping_acknowledged(opaque);
        } else {
          if (!me.is_server() && !std::exchange(me.sent_for_streams, false)) me.watch.charge(offence::ping);
          me.events.ping_received();
        }
        break;
      case NGHTTP2_GOAWAY:
        me.events.goaway(
            frame->goaway.last_stream_id, frame->goaway.error_code,
            {reinterpret_cast<char const*>(frame->goaway.opaque_data), frame->goaway.opaque_data_len});
        break;
      case NGHTTP2_RST_STREAM: me.reset_by_peer = frame->hd.stream_id; break;
      default: break;
    }
    return me.go_on();
  }

  static int on_invalid_frame(nghttp2_session*, nghttp2_frame const*, int, void* data) {
    auto& me = self(data);
    me.watch.charge_reset(offence::stream_error);
    return me.go_on();
  }

  static int on_data_chunk(nghttp2_session* native, std::uint8_t flags, std::int32_t id,
                           std::uint8_t const* bytes, std::size_t size, void* data) {
    auto& me = self(data);
    // The connection's window opens at once: one slow reader must not hold up the others. The stream's own waits.
    nghttp2_session_consume_connection(native, size);
    if (auto* const user = me.user(id)) {
      if (user->message_.wrong()) return 0;
      if (!user->message_.take_data(size)) {
        me.reset_malformed(*user, id);
        return me.go_on();
      }
      user->last_data_ = (flags & NGHTTP2_FLAG_END_STREAM) != 0;
      me.events.data(*user, {reinterpret_cast<std::byte const*>(bytes), size});
    } else {
      nghttp2_session_consume_stream(native, id, size);
    }
    return 0;
  }

  static int on_stream_close(nghttp2_session*, std::int32_t id, std::uint32_t error, void* data) {
    auto& me = self(data);
    auto* const user = me.user(id);
    me.forget_user();
    bool const by_peer = std::exchange(me.reset_by_peer, 0) == id;
    // It may be over for both sides before its reset is sent.
    if (error == NGHTTP2_NO_ERROR && user != nullptr && user->message_.wrong())
      error = NGHTTP2_PROTOCOL_ERROR;
    if (user != nullptr && me.is_server()) --me.open_requests;
    if (user != nullptr) me.events.stream_closed(*user, error, by_peer);
    return 0;  // anything else leaks (CVE-2023-35945)
  }

  // When the frame is given out its stream may be over already.
  static int before_frame(nghttp2_session*, nghttp2_frame const* frame, void* data) {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    auto& me = self(data);
    me.block.clear();
    me.headers.begin(me.block);
    if (auto* const user = me.user(frame->hd.stream_id)) me.events.write_headers(*user, me.headers);
    return 0;
  }

  static int on_frame_sent(nghttp2_session* native, nghttp2_frame const* frame, void* data) {
    auto& me = self(data);
    if (frame->hd.type == NGHTTP2_DATA) me.watch.data_sent();
    if (frame->hd.type == NGHTTP2_RST_STREAM) me.watch.reset_sent(frame->rst_stream.error_code);
    me.sent_for_streams |= frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA ||
                           frame->hd.type == NGHTTP2_WINDOW_UPDATE;
    bool const answered = me.is_server() &&
                          (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
                          (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (answered) me.watch.answered();
    // A server that answers before it has read everything tells the client to stop sending (RFC 9113, 8.1).
    if (auto* const user = answered ? me.user(frame->hd.stream_id) : nullptr; user && !user->peer_ended_)
      nghttp2_submit_rst_stream(native, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) {
      me.ended_with(frame->goaway);
      me.ended = me.ending;
    }
    // Only now: a PING is sent before whatever else is queued, and would overtake the notice.
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.last_stream_id == highest_stream)
      me.submit_ping(me.notice_ping);
    return 0;
  }

  static ssize_t read_data(nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t most,
                           std::uint32_t* flags, nghttp2_data_source* source, void* data) {
    if (self(data).silent) return NGHTTP2_ERR_CALLBACK_FAILURE;
    data_wish const wish = self(data).events.pull_data(user_of(source), most);
    // What is deferred instead would keep 200 bytes in each stream that waits for its user.
    bool const drained = !wish.end && (wish.drained || wish.bytes == 0);
    if (wish.bytes != 0) *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (wish.end || drained) *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (wish.trailers || drained) *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    return static_cast<ssize_t>(wish.bytes);
  }

  static int send_data(nghttp2_session*, nghttp2_frame*, std::uint8_t const* head, std::size_t length,
                       nghttp2_data_source* source, void* data) {
    auto& me = self(data);
    constexpr std::size_t frame_head = 9;
    me.out->append({reinterpret_cast<std::byte const*>(head), frame_head});
    me.events.move_data(user_of(source), length, *me.out);
    // nghttp2 would go on for as long as streams have data and their windows are open.
    return me.out->full() ? NGHTTP2_ERR_PAUSE : 0;
  }

  static ssize_t read_length(nghttp2_session*, std::uint8_t, std::int32_t, std::int32_t session_window,
                             std::int32_t stream_window, std::uint32_t max_frame, void*) {
    // Frames as large as the peer takes and the windows allow, and no larger than what is gathered for one write.
    constexpr std::int32_t largest = 256 * 1024;
    return std::min({session_window, stream_window, static_cast<std::int32_t>(max_frame), largest});
  }

  static int on_error(nghttp2_session*, int, char const* text, std::size_t size, void* data) {
    self(data).complaint.assign(text, size);
    return 0;
  }
};

namespace {

/// nghttp2 is C: nothing may be thrown through it. `Callback` without memory ends what nghttp2 is doing. Of a session that
/// has fallen silent nothing is asked: the users of its streams may be gone.
template <auto Callback, class Impl>
struct guarded;
template <class Result, class... Arguments, Result (*Callback)(Arguments...), class Impl>
struct guarded<Callback, Impl> {
  static Result call(Arguments... arguments) noexcept {
    auto& me = *static_cast<Impl*>(std::get<sizeof...(Arguments) - 1>(std::tie(arguments...)));
    if (me.silent) return 0;
    try {
      return Callback(arguments...);
    } catch (std::bad_alloc const&) {
      me.no_memory = true;
      return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
  }
};

}  // namespace

void session::impl::set_callbacks(nghttp2_session_callbacks* hooks) {
  nghttp2_session_callbacks_set_on_begin_headers_callback(hooks,
                                                          guarded<callbacks::on_begin_headers, impl>::call);
  nghttp2_session_callbacks_set_on_frame_recv_callback(hooks, guarded<callbacks::on_frame, impl>::call);
  nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(
      hooks, guarded<callbacks::on_invalid_frame, impl>::call);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(hooks,
                                                            guarded<callbacks::on_data_chunk, impl>::call);
  nghttp2_session_callbacks_set_on_stream_close_callback(hooks,
                                                         guarded<callbacks::on_stream_close, impl>::call);
  nghttp2_session_callbacks_set_before_frame_send_callback(hooks,
                                                           guarded<callbacks::before_frame, impl>::call);
  nghttp2_session_callbacks_set_on_frame_send_callback(hooks, guarded<callbacks::on_frame_sent, impl>::call);
  nghttp2_session_callbacks_set_send_data_callback(hooks, guarded<callbacks::send_data, impl>::call);
  nghttp2_session_callbacks_set_data_source_read_length_callback(hooks,
                                                                 guarded<callbacks::read_length, impl>::call);
  nghttp2_session_callbacks_set_error_callback2(hooks, guarded<callbacks::on_error, impl>::call);
}

nghttp2_data_provider session::impl::data_of(stream_user& user) noexcept {
  return {{.ptr = &user}, callbacks::read_data};
}

}  // namespace sluice::http2
