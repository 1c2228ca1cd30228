// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http2/frame_cursor.hpp"
#include "http2/header_decoder.hpp"
#include "http2/header_encoder.hpp"
#include "http2/latest_names.hpp"
#include "http2/peer_watch.hpp"
#include "http2/session.hpp"

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::http2 {

/// A session's state: session.cpp is what its user calls, session_callbacks.cpp what nghttp2 calls, session_headers.cpp what
/// goes past nghttp2.
struct session::impl final : private peer_watch::host, private field_table::expert {
  session_options options;
  session_events& events;
  nghttp2_session* native = nullptr;
  gather* out = nullptr;  // where send_data puts a frame, during send
  mutable latest_names names;
  std::string complaint;  // nghttp2's last words about the connection
  std::string violation;  // why the connection is beyond repair
  bool ending = false;  // our own last GOAWAY is queued: nothing more is taken
  bool ended = false;  // and out: nothing more is sent
  bool sent_for_streams = false;
  bool peer_began = false;  // with its SETTINGS
  bool settings_acknowledged = false;
  bool client_left = false;  // it said GOAWAY
  std::size_t open_requests = 0;  // server: streams with a user
  peer_watch watch;
  // Several things in a row concern the same stream.
  mutable std::int32_t latest_id = 0;
  mutable stream_user* latest_user = nullptr;

  frame_cursor cursor;
  header_decoder decoder;
  std::uint64_t notice_ping = 0;  // goes out behind the shutdown notice
  std::int32_t reset_by_peer = 0;  // the stream whose close comes next
  header_encoder headers;
  buffer block;  // of the HEADERS frame that is sent next
  bool at_work = false;  // nghttp2 must not be entered again
  bool silent = false;  // nobody is told anything any more
  bool no_memory = false;  // something could not be said or taken in: the connection cannot go on

  impl(session_options const& chosen, session_events& told)
      : options{chosen}, events{told}, watch{chosen.side, chosen.limits, *this},
        cursor{chosen.side, header_decoder::most_times_limit * chosen.max_header_list_size},
        decoder{*this, chosen.max_header_list_size} {}
  ~impl() { nghttp2_session_del(native); }

  // nghttp2 ends some connections by itself: what the peer did wrong is in the GOAWAY, or was complained about before.
  void ended_with(nghttp2_goaway const& last) {
    if (!violation.empty()) return;
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
  // field_table::expert
  void look_at(known_field& found) const noexcept override {
    auto const says = names.find(found.field.name, [this](std::string_view name) {
      return latest_names::meaning{events.kind_of(name), class_of(options.side, name)};
    });
    found.field.kind = says.kind;
    found.rule = rule_of(says.its, found.field.value);
  }

  [[nodiscard]] bool is_server() const noexcept { return options.side == side::server; }

  // What a callback returns while something is received.
  [[nodiscard]] int go_on() const noexcept { return ending || no_memory ? NGHTTP2_ERR_CALLBACK_FAILURE : 0; }
  void submitted(int outcome) noexcept { no_memory = no_memory || outcome == NGHTTP2_ERR_NOMEM; }
  [[nodiscard]] stream_user* user(std::int32_t id) const noexcept {
    if (id == latest_id && latest_user != nullptr) return latest_user;
    latest_id = id;
    return latest_user = static_cast<stream_user*>(nghttp2_session_get_stream_user_data(native, id));
  }
  void forget_user() noexcept { latest_user = nullptr; }
  void reset_malformed(stream_user& user, std::int32_t id) {
    if (std::exchange(user.reset_, true)) return;
    watch.stream_reset(id);
    submitted(nghttp2_submit_rst_stream(native, NGHTTP2_FLAG_NONE, id, NGHTTP2_PROTOCOL_ERROR));
    watch.charge_reset(offence::stream_error);
  }
  /// Gives nghttp2 what has come, with an empty block in place of each header block. Returns nghttp2's last answer.
  ssize_t take(bytes_view bytes);
  ssize_t take_block(frame_part const& part);
  ssize_t pass_on(bytes_view bytes);
  ssize_t take_leave(frame_part const& part);
  /// The decoder's list belongs to a frame that nghttp2 has found to be in order.
  void hear(stream_user& who, nghttp2_headers const& frame, bool end);
  void take_settings(nghttp2_settings const& theirs) {
    peer_began = true;
    for (auto const& each : std::span{theirs.iv, theirs.niv})
      if (each.settings_id == NGHTTP2_SETTINGS_HEADER_TABLE_SIZE) headers.change_table_size(each.value);
    events.settings_received();
  }
  /// Writes the HEADERS frame whose block is there, and what of it goes into CONTINUATION frames.
  void put_headers(frame_head head);
  void submit_ping(std::uint64_t opaque);

  /// What nghttp2 calls; the data of a callback are its impl.
  static void set_callbacks(nghttp2_session_callbacks* hooks);
  /// A stream's data go with it: its user is there.
  [[nodiscard]] static nghttp2_data_provider data_of(stream_user& user) noexcept;
};

}  // namespace sluice::http2
