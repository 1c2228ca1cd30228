// SPDX-License-Identifier: Apache-2.0
#include "http2/session.hpp"

#include "http2/frame_types.hpp"
#include "http2/nghttp2_memory.hpp"
#include "http2/nghttp2_options.hpp"
#include "http2/session_impl.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

namespace sluice::http2 {

/// While nghttp2 runs.
struct session::work {
  explicit work(impl& of) noexcept : of_{of} { of_.at_work = true; }
  work(work const&) = delete;
  work& operator=(work const&) = delete;
  ~work() { of_.at_work = false; }
  impl& of_;
};

void session::impl::submit_ping(std::uint64_t opaque) {
  std::array<std::uint8_t, 8> bytes{};
  std::memcpy(bytes.data(), &opaque, sizeof opaque);
  watch.ping_sent();
  submitted(nghttp2_submit_ping(native, NGHTTP2_FLAG_NONE, bytes.data()));
}

session::session(session_options const& options, session_events& events)
    : impl_{std::make_unique<impl>(options, events)} {
  nghttp2_session_callbacks* hooks = nullptr;
  nghttp2_session_callbacks_new(&hooks);
  impl::set_callbacks(hooks);

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
  if (impl_->ending) return errc::protocol_error;
  ssize_t taken = 0;
  try {
    taken = impl_->take(bytes);
  } catch (std::bad_alloc const&) { impl_->no_memory = true; }
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

errc session::send(gather& out) {
  work const here{*impl_};
  impl_->out = &out;
  if (impl_->no_memory) return errc::protocol_error;
  while (!out.full() && !impl_->ended) {
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
  bool const served = impl_->client_left && impl_->open_requests == 0 && impl_->cursor.open_block() == 0;
  bool const nothing_comes = served || nghttp2_session_want_read(impl_->native) == 0;
  return nothing_comes && nghttp2_session_want_write(impl_->native) == 0;
}

result<std::int32_t, errc> session::open(bool end_stream, stream_user& user) {
  auto const provider = impl::data_of(user);
  auto const id =
      nghttp2_submit_request(impl_->native, nullptr, nullptr, 0, end_stream ? nullptr : &provider, &user);
  if (id < 0) return errc::closed;
  impl_->watch.stream_opened();
  return id;
}

void session::respond(std::int32_t id, stream_user& by, bool end_stream) {
  auto const provider = impl::data_of(by);
  impl_->submitted(nghttp2_submit_response(impl_->native, id, nullptr, 0, end_stream ? nullptr : &provider));
}

void session::send_trailers(std::int32_t id) {
  impl_->submitted(nghttp2_submit_trailer(impl_->native, id, nullptr, 0));
}

void session::resume_data(std::int32_t id, stream_user& by) {
  auto const provider = impl::data_of(by);
  int const outcome = nghttp2_submit_data(impl_->native, NGHTTP2_FLAG_END_STREAM, id, &provider);
  assert(outcome != NGHTTP2_ERR_DATA_EXIST);  // it was not drained: it would never be sent
  impl_->submitted(outcome);
}

void session::reset(std::int32_t id, std::uint32_t error) {
  if (auto* const user = impl_->user(id); user != nullptr && std::exchange(user->reset_, true)) return;
  impl_->watch.stream_reset(id);
  impl_->watch.own_reset(error);
  impl_->submitted(nghttp2_submit_rst_stream(impl_->native, NGHTTP2_FLAG_NONE, id, error));
}

bool session::consume(std::int32_t id, std::size_t bytes) {
  if (auto const* const user = impl_->user(id); user != nullptr && user->last_data_)
    return false;  // no more will come
  impl_->submitted(nghttp2_session_consume_stream(impl_->native, id, bytes));
  return wants_to_send();
}

bool session::widen_window(std::int32_t id, std::size_t bytes) {
  auto const* const user = impl_->user(id);
  if (user == nullptr || user->last_data_) return false;
  auto const wanted =
      static_cast<std::int32_t>(std::min<std::size_t>(bytes, impl_->options.connection_window));
  if (wanted <= nghttp2_session_get_stream_effective_local_window_size(impl_->native, id)) return false;
  impl_->submitted(nghttp2_session_set_local_window_size(impl_->native, NGHTTP2_FLAG_NONE, id, wanted));
  return true;
}

std::size_t session::window(std::int32_t id) const noexcept {
  auto const* const user = impl_->user(id);
  if (user == nullptr || user->last_data_ || user->peer_ended_ || user->reset_) return 0;
  return static_cast<std::size_t>(
      std::max(0, nghttp2_session_get_stream_effective_local_window_size(impl_->native, id)));
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

void session::ping(std::uint64_t opaque) { impl_->submit_ping(opaque); }

std::uint64_t session::open_header_block() const noexcept { return impl_->cursor.open_block(); }
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
