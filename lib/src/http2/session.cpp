// SPDX-License-Identifier: Apache-2.0
#include "http2/session.hpp"

#include "http2/field_cache.hpp"
#include "http2/frame_types.hpp"
#include "http2/header_encoder.hpp"
#include "http2/nghttp2_memory.hpp"
#include "http2/nghttp2_options.hpp"
#include "http2/peer_watch.hpp"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <new>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace sluice::http2 {

namespace {

constexpr std::int32_t highest_stream = 0x7fffffff;

}  // namespace

struct session::impl final : private peer_watch::host, private field_cache::expert {
  session_options options;
  session_events& events;
  nghttp2_session* native = nullptr;
  buffer* out = nullptr;  // where send_data puts a frame, during send
  std::size_t enough = 0;
  std::string complaint;  // nghttp2's last words about the connection
  std::string violation;  // why the connection is beyond repair
  bool ending = false;  // our own last GOAWAY is queued: nothing more is taken
  bool ended = false;  // and out: nothing more is sent
  bool sent_for_streams = false;
  bool settings_acknowledged = false;
  bool peer_left = false;
  peer_watch watch;
  // Several things in a row concern the same stream.
  mutable std::int32_t latest_id = 0;
  mutable stream_user* latest_user = nullptr;

  // The header list that is being received: one at a time on a connection.
  field_cache known;
  std::vector<received_field> list;
  std::size_t list_size = 0;
  bool list_too_large = false;
  stream_user* list_user = nullptr;  // whose it is: looked up once, not for each field
  std::uint64_t notice_ping = 0;  // goes out behind the shutdown notice
  std::int32_t reset_by_peer = 0;  // the stream whose close comes next
  header_encoder headers;
  buffer block;  // of the HEADERS frame that is sent next
  bool at_work = false;    // nghttp2 must not be entered again
  bool silent = false;     // nobody is told anything any more
  bool no_memory = false;  // something could not be said or taken in: the connection cannot go on

  impl(session_options const& chosen, session_events& told)
      : options{chosen}, events{told}, watch{chosen.side, chosen.limits, *this}, known{*this} {}
  ~impl() { nghttp2_session_del(native); }

  // nghttp2 ends some connections by itself: what the peer did wrong is in the GOAWAY, or was complained about before.
  void ended_with(nghttp2_goaway const& last) {
    if (!violation.empty() || peer_left) return;
    if (!complaint.empty()) violation = complaint;
    else if (last.opaque_data_len != 0)
      violation.assign(reinterpret_cast<char const*>(last.opaque_data), last.opaque_data_len);
    else violation = nghttp2_http2_strerror(last.error_code);
  }
  // peer_watch::host
  [[nodiscard]] time_point now() const override { return events.now(); }
  [[nodiscard]] bool is_open(std::int32_t stream) const noexcept override { return user(stream) != nullptr; }
  // nghttp2_session_terminate_session would send no text.
  void end(std::uint32_t error, std::string_view text) override {
    if (std::exchange(ending, true)) return;
    violation = text;
    nghttp2_submit_goaway(native, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(native), error,
                          reinterpret_cast<std::uint8_t const*>(text.data()), text.size());
  }
  [[nodiscard]] bool is_ending() const noexcept override { return ending; }
  // field_cache::expert
  void look_at(known_field& found) const noexcept override {
    found.field.kind = events.kind_of(found.field.name);
    found.rule = rule_of(options.side, found.field.name, found.field.value);
  }

  [[nodiscard]] bool is_server() const noexcept { return options.side == side::server; }

  // What a callback returns while something is received.
  [[nodiscard]] int go_on() const noexcept { return ending ? NGHTTP2_ERR_CALLBACK_FAILURE : 0; }
  void submitted(int outcome) noexcept { no_memory = no_memory || outcome == NGHTTP2_ERR_NOMEM; }
  [[nodiscard]] stream_user* user(std::int32_t id) const noexcept {
    if (id == latest_id && latest_user != nullptr) return latest_user;
    latest_id = id;
    return latest_user = static_cast<stream_user*>(nghttp2_session_get_stream_user_data(native, id));
  }
  void forget_user() noexcept { latest_user = nullptr; }
  [[nodiscard]] int reset_malformed(std::int32_t id) {
    nghttp2_submit_rst_stream(native, NGHTTP2_FLAG_NONE, id, NGHTTP2_PROTOCOL_ERROR);
    watch.charge_reset(offence::stream_error);
    return go_on();
  }
  void take_settings(nghttp2_settings const& theirs) {
    for (auto const& each : std::span{theirs.iv, theirs.niv})
      if (each.settings_id == NGHTTP2_SETTINGS_HEADER_TABLE_SIZE) headers.change_table_size(each.value);
    events.settings_received();
  }
  void put_headers(frame_head head);
};

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
    if (rest.empty()) return;
    head.type = frames::continuation;
    head.flags = 0;
  }
}

/// While nghttp2 runs.
struct session::work {
  explicit work(impl& of) noexcept : of_{of} { of_.at_work = true; }
  work(work const&) = delete;
  work& operator=(work const&) = delete;
  ~work() { of_.at_work = false; }
  impl& of_;
};

struct session::callbacks {
  static impl& self(void* data) noexcept { return *static_cast<impl*>(data); }
  // A stream's data go with it: its user is there.
  static nghttp2_data_provider data_of(stream_user& user) noexcept { return {{.ptr = &user}, read_data}; }
  static stream_user& user_of(nghttp2_data_source* source) noexcept {
    return *static_cast<stream_user*>(source->ptr);
  }

  static int on_begin_headers(nghttp2_session* native, nghttp2_frame const* frame, void* data) {
    auto& me = self(data);
    me.list.clear();
    me.known.end_list();
    me.list_size = 0;
    me.list_too_large = false;
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
      me.list_user = me.user(frame->hd.stream_id);
      if (me.list_user != nullptr)
        me.list_user->message_.begin_list(me.options.side, frame->headers.cat == NGHTTP2_HCAT_RESPONSE);
      return 0;
    }
    stream_user* const user = me.list_user = me.events.stream_opened(frame->hd.stream_id);
    if (user == nullptr) {
      nghttp2_submit_rst_stream(native, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
      me.watch.charge_reset(offence::refused_stream);
      return me.go_on();
    }
    nghttp2_session_set_stream_user_data(native, frame->hd.stream_id, user);
    me.latest_id = frame->hd.stream_id;
    me.latest_user = user;
    // Without RFC 7540 priorities streams would be served first in, first out; incremental ones share.
    nghttp2_extpri const fair{NGHTTP2_EXTPRI_DEFAULT_URGENCY, 1};
    nghttp2_session_change_extpri_stream_priority(native, frame->hd.stream_id, &fair, 1);
    return 0;
  }

  static int on_header(nghttp2_session*, nghttp2_frame const*, nghttp2_rcbuf* name, nghttp2_rcbuf* value,
                       std::uint8_t, void* data) {
    auto& me = self(data);
    auto const& [field, rule] = me.known.find(name, value);
    bool const wanted = me.list_user != nullptr && me.list_user->message_.take(rule, field.value);
    me.list_size += field.name.size() + field.value.size() + 32;
    if (me.list_size > me.options.max_header_list_size) {
      // The block is decoded to its end, or the HPACK table would go wrong for every later stream; far beyond the limit
      // the connection ends.
      me.list_too_large = true;
      if (me.list_size > std::size_t{4} * me.options.max_header_list_size) {
        me.complaint = "header list far above the limit";
        return NGHTTP2_ERR_CALLBACK_FAILURE;
      }
      return 0;
    }
    if (wanted) me.list.push_back(field);
    return 0;
  }

  static int on_frame(nghttp2_session*, nghttp2_frame const* frame, void* data) {
    auto& me = self(data);
    bool const end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
        if (auto* const user = std::exchange(me.list_user, nullptr)) {
          user->peer_ended_ |= end;
          if (!user->message_.end_list(me.options.side, end)) return me.reset_malformed(frame->hd.stream_id);
          me.events.headers(*user, me.list, end, me.list_too_large);
        }
        me.known.end_list();
        break;
      case NGHTTP2_DATA:
        if (auto* const user = me.user(frame->hd.stream_id); user != nullptr && end) {
          user->peer_ended_ = true;
          if (!user->message_.end()) return me.reset_malformed(frame->hd.stream_id);
          me.events.data_done(*user);
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

  static int on_invalid_frame(nghttp2_session*, nghttp2_frame const* frame, int, void* data) {
    auto& me = self(data);
    // A client may announce its end with the highest id, as grpc-go's does when it closes. No server has opened that
    // stream, so nghttp2 ends the connection as violated; but the peer has only left.
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.last_stream_id == highest_stream &&
        frame->goaway.error_code == NGHTTP2_NO_ERROR) {
      me.peer_left = true;
      me.events.goaway(highest_stream, NGHTTP2_NO_ERROR, {});
      return me.go_on();
    }
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
      if (!user->message_.take_data(size)) return me.reset_malformed(id);
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
    if (user == me.list_user) me.list_user = nullptr;  // closed between two pieces of a header list
    bool const by_peer = std::exchange(me.reset_by_peer, 0) == id;
    // It may be over for both sides before its reset is sent.
    if (error == NGHTTP2_NO_ERROR && user != nullptr && user->message_.wrong())
      error = NGHTTP2_PROTOCOL_ERROR;
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
      submit_ping(native, me.watch, me.notice_ping);
    return 0;
  }

  static void submit_ping(nghttp2_session* native, peer_watch& watch, std::uint64_t opaque) {
    std::array<std::uint8_t, 8> bytes{};
    std::memcpy(bytes.data(), &opaque, sizeof opaque);
    watch.ping_sent();
    nghttp2_submit_ping(native, NGHTTP2_FLAG_NONE, bytes.data());
  }

  static ssize_t read_data(nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t most,
                           std::uint32_t* flags, nghttp2_data_source* source, void* data) {
    if (self(data).silent) return NGHTTP2_ERR_CALLBACK_FAILURE;
    data_wish const wish = self(data).events.pull_data(user_of(source), most);
    if (wish.bytes == 0 && !wish.end) return NGHTTP2_ERR_DEFERRED;
    if (wish.bytes != 0) *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (wish.end) *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (wish.end && wish.trailers) *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    return static_cast<ssize_t>(wish.bytes);
  }

  static int send_data(nghttp2_session*, nghttp2_frame*, std::uint8_t const* head, std::size_t length,
                       nghttp2_data_source* source, void* data) {
    auto& me = self(data);
    constexpr std::size_t frame_head = 9;
    me.out->append({reinterpret_cast<std::byte const*>(head), frame_head});
    me.events.move_data(user_of(source), length, *me.out);
    // nghttp2 would go on for as long as streams have data and their windows are open.
    return me.out->size() < me.enough ? 0 : NGHTTP2_ERR_PAUSE;
  }

  static ssize_t read_length(nghttp2_session*, std::uint8_t, std::int32_t, std::int32_t session_window,
                             std::int32_t stream_window, std::uint32_t max_frame, void*) {
    // Frames as large as the peer takes and the windows allow, and no larger than what is gathered for one write.
    constexpr std::int32_t largest = 256 * 1024;
    return std::min({session_window, stream_window, static_cast<std::int32_t>(max_frame), largest});
  }

  static int on_error(nghttp2_session*, int code, char const* text, std::size_t size, void* data) {
    // A wrong field ends its stream; what ends the connection afterwards is something else.
    if (code != NGHTTP2_ERR_HTTP_HEADER) self(data).complaint.assign(text, size);
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

session::session(session_options const& options, session_events& events)
    : impl_{std::make_unique<impl>(options, events)} {
  nghttp2_session_callbacks* hooks = nullptr;
  nghttp2_session_callbacks_new(&hooks);
  nghttp2_session_callbacks_set_on_begin_headers_callback(hooks,
                                                          guarded<callbacks::on_begin_headers, impl>::call);
  nghttp2_session_callbacks_set_on_header_callback2(hooks, guarded<callbacks::on_header, impl>::call);
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

  nghttp2_option* settings = nullptr;
  nghttp2_option_new(&settings);
  nghttp2_option_set_no_auto_window_update(settings, 1);
  nghttp2_option_set_no_closed_streams(settings, 1);
  nghttp2_option_set_no_http_messaging(settings,
                                       1);  // message_check judges: a field that came before is known to it
  nghttp2_option_set_peer_max_concurrent_streams(settings,
                                                 100);  // until the peer says otherwise (RFC 9113, 6.5.2)
  // Counted by the session: by its own clock, and exactly.
  set_reset_rate_limit(settings, std::numeric_limits<std::uint32_t>::max(), 1);
  set_max_continuations(settings, std::numeric_limits<std::uint32_t>::max());

  bool const server = options.side == side::server;
  int const made =
      server ? nghttp2_session_server_new3(&impl_->native, hooks, impl_.get(), settings, pooled_memory())
             : nghttp2_session_client_new3(&impl_->native, hooks, impl_.get(), settings, pooled_memory());
  nghttp2_option_del(settings);
  nghttp2_session_callbacks_del(hooks);
  if (made != 0) throw std::bad_alloc{};

  if (!server) nghttp2_session_set_next_stream_id(impl_->native, options.first_stream);

  std::array<nghttp2_settings_entry, 5> entries{{
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options.initial_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, options.max_header_list_size},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options.max_concurrent_streams},
      {0, 0},
  }};
  std::size_t count = 4;
  if (!server) entries[3] = {NGHTTP2_SETTINGS_ENABLE_PUSH, 0};
  nghttp2_submit_settings(impl_->native, NGHTTP2_FLAG_NONE, entries.data(), count);
  nghttp2_session_set_local_window_size(impl_->native, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<std::int32_t>(options.connection_window));
}

session::~session() = default;

errc session::receive(bytes_view bytes) {
  work const here{*impl_};
  impl_->watch.inspect(bytes);
  if (impl_->ending) return errc::protocol_error;
  auto const taken = nghttp2_session_mem_recv(
      impl_->native, reinterpret_cast<std::uint8_t const*>(bytes.data()), bytes.size());
  if (impl_->no_memory || taken == NGHTTP2_ERR_NOMEM) {
    impl_->violation = "out of memory";
    nghttp2_session_terminate_session(impl_->native, NGHTTP2_INTERNAL_ERROR);
    return errc::connection_closed;
  }
  if (impl_->ending) return errc::protocol_error;
  if (taken < 0) {
    impl_->violation =
        impl_->complaint.empty() ? nghttp2_strerror(static_cast<int>(taken)) : std::move(impl_->complaint);
    if (taken == NGHTTP2_ERR_BAD_CLIENT_MAGIC) return errc::not_http2;
    nghttp2_session_terminate_session(
        impl_->native, taken == NGHTTP2_ERR_FLOODED ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_PROTOCOL_ERROR);
    return errc::protocol_error;
  }
  for (auto const id : impl_->watch.take_late())
    nghttp2_submit_rst_stream(impl_->native, NGHTTP2_FLAG_NONE, id, errors::stream_closed);
  return errc::ok;
}

errc session::send(buffer& out, std::size_t enough) {
  work const here{*impl_};
  impl_->out = &out;
  impl_->enough = enough;
  if (impl_->no_memory) return errc::protocol_error;
  while (out.size() < enough && !impl_->ended) {
    std::uint8_t const* bytes = nullptr;
    auto const size = nghttp2_session_mem_send(impl_->native, &bytes);
    if (size == 0) break;
    if (size < 0 || impl_->no_memory || impl_->silent) return errc::protocol_error;
    bytes_view const frame{reinterpret_cast<std::byte const*>(bytes), static_cast<std::size_t>(size)};
    if (auto const head = read_frame_head(frame); head.type == frames::headers) impl_->put_headers(head);
    else out.append(frame);
  }
  return errc::ok;
}

std::string_view session::violation() const noexcept { return impl_->violation; }

bool session::wants_to_send() const noexcept {
  return !impl_->ended && (impl_->no_memory || nghttp2_session_want_write(impl_->native) != 0);
}

bool session::finished() const noexcept {
  if (impl_->ended) return true;
  return nghttp2_session_want_read(impl_->native) == 0 && nghttp2_session_want_write(impl_->native) == 0;
}

result<std::int32_t, errc> session::open(bool end_stream, stream_user& user) {
  auto const provider = callbacks::data_of(user);
  auto const id =
      nghttp2_submit_request(impl_->native, nullptr, nullptr, 0, end_stream ? nullptr : &provider, &user);
  if (id < 0) return errc::closed;
  impl_->watch.stream_opened();
  return id;
}

void session::respond(std::int32_t id, stream_user& by, bool end_stream) {
  auto const provider = callbacks::data_of(by);
  impl_->submitted(nghttp2_submit_response(impl_->native, id, nullptr, 0, end_stream ? nullptr : &provider));
}

void session::send_trailers(std::int32_t id) {
  impl_->submitted(nghttp2_submit_trailer(impl_->native, id, nullptr, 0));
}

void session::resume_data(std::int32_t id) {
  impl_->submitted(nghttp2_session_resume_data(impl_->native, id));
}

void session::reset(std::int32_t id, std::uint32_t error) {
  impl_->watch.own_reset(error);
  impl_->submitted(nghttp2_submit_rst_stream(impl_->native, NGHTTP2_FLAG_NONE, id, error));
}

bool session::consume(std::int32_t id, std::size_t bytes) {
  if (auto const* const user = impl_->user(id); user != nullptr && user->last_data_)
    return false;  // no more will come
  impl_->submitted(nghttp2_session_consume_stream(impl_->native, id, bytes));
  return wants_to_send();
}

void session::announce_shutdown(std::uint64_t opaque) {
  impl_->notice_ping = opaque;
  nghttp2_submit_shutdown_notice(impl_->native);
}

void session::goaway(std::uint32_t error, std::string_view debug) {
  nghttp2_submit_goaway(impl_->native, NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(impl_->native), error,
                        reinterpret_cast<std::uint8_t const*>(debug.data()), debug.size());
}

void session::terminate(std::uint32_t error, std::string_view text) {
  if (!text.empty()) impl_->end(error, text);
  else if (!impl_->ending) nghttp2_session_terminate_session(impl_->native, error);
}

bool session::at_work() const noexcept { return impl_->at_work; }
void session::fall_silent() noexcept { impl_->silent = true; }

bool session::take_sent_for_streams() noexcept { return std::exchange(impl_->sent_for_streams, false); }

void session::ping(std::uint64_t opaque) { callbacks::submit_ping(impl_->native, impl_->watch, opaque); }

std::uint64_t session::open_header_block() const noexcept { return impl_->watch.open_header_block(); }
bool session::settings_acknowledged() const noexcept { return impl_->settings_acknowledged; }
std::size_t session::queued_frames() const noexcept {
  return nghttp2_session_get_outbound_queue_size(impl_->native);
}

std::uint32_t session::peer_max_concurrent_streams() const noexcept {
  return nghttp2_session_get_remote_settings(impl_->native, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

std::uint32_t session::peer_max_header_list_size() const noexcept {
  return nghttp2_session_get_remote_settings(impl_->native, NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE);
}

}  // namespace sluice::http2
