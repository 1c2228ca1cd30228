// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http2/session.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::test {

using fields = std::vector<std::pair<std::string, std::string>>;

inline fields const hello_request{
    {":method", "POST"}, {":scheme", "http"}, {":path", "/greeter.Greeter/SayHello"}, {":authority", "host"}};
inline fields const ok_response{{":status", "200"}};

class field_list final : public http2::header_list {
 public:
  explicit field_list(fields const& of) noexcept : fields_{of} {}
  void at(std::size_t index, std::string_view& name, std::string_view& value, bool&) const override {
    name = fields_[index].first;
    value = fields_[index].second;
  }
  [[nodiscard]] std::size_t size() const override { return fields_.size(); }

 private:
  fields const& fields_;
};

/// What one end of a stream has heard.
struct heard {
  std::vector<fields> lists;  ///< the header lists that are complete
  std::string body;
  bool ended = false;
  bool too_large = false;
  std::optional<std::uint32_t> closed;  ///< the error
  bool by_peer = false;
  friend bool operator==(heard const&, heard const&) = default;
};

/// One end of a stream: what it heard, and what it has to say.
struct stream_end : http2::stream_user, heard {
  std::int32_t id = 0;
  std::string outgoing;
  bool ending = false;
  fields headers;
  bool headers_sent = false;
  std::optional<fields> trailers;
};

/// A session and its user, which writes down what it is told.
class machine final : public http2::session_events {
 public:
  explicit machine(http2::session_options const& options) : session{options, *this} {}

  /// Client: a request whose body is what `who.outgoing` holds.
  [[nodiscard]] errc open(stream_end& who, fields const& request = hello_request) {
    who.headers = request;
    auto const id = session.open(who.ending && who.outgoing.empty(), who);
    if (!id) return id.error();
    who.id = *id;
    return errc::ok;
  }
  void respond(stream_end& who, std::string body, std::optional<fields> trailers = {}) {
    who.outgoing = std::move(body);
    who.ending = true;
    who.trailers = std::move(trailers);
    who.headers = ok_response;
    session.respond(who.id, who, false);
  }
  /// Everything that the session wants to send.
  [[nodiscard]] std::string sent() {
    std::string all;
    send_error = send_into(all, std::size_t{1} << 20);
    return all;
  }
  [[nodiscard]] errc send_into(std::string& all, std::size_t enough) {
    buffer slab;
    gather out{slab, enough, enough};
    errc const said = session.send(out);
    for (auto const piece : out.pieces()) all += as_text(piece);
    return said;
  }
  [[nodiscard]] errc take(std::string_view bytes) { return session.receive(as_bytes(bytes)); }

  std::deque<stream_end> streams;  ///< that the peer opened
  bool refuses = false;
  errc send_error = errc::ok;
  int settings = 0;
  std::vector<std::uint64_t> pings;
  std::vector<std::string> goaways;  ///< "last stream, error, text"
  http2::session session;

 private:
  static stream_end& of(http2::stream_user& user) noexcept { return static_cast<stream_end&>(user); }

  http2::stream_user* stream_opened(std::int32_t id) override {
    if (refuses) return nullptr;
    streams.emplace_back().id = id;
    return &streams.back();
  }
  std::uint8_t kind_of(std::string_view) const noexcept override { return 0; }
  void headers(http2::stream_user& on, received_fields list, bool end_stream, bool too_large) override {
    auto& kept = of(on).lists.emplace_back();
    for (auto const& each : list) kept.emplace_back(each.name, each.value);
    of(on).ended = end_stream;
    of(on).too_large = too_large;
  }
  void data(http2::stream_user& on, bytes_view bytes) override { of(on).body += as_text(bytes); }
  void data_done(http2::stream_user& on) override { of(on).ended = true; }
  void stream_closed(http2::stream_user& on, std::uint32_t error, bool by_peer) override {
    of(on).closed = error;
    of(on).by_peer = by_peer;
  }
  void goaway(std::int32_t last, std::uint32_t error, std::string_view debug) override {
    goaways.push_back(std::to_string(last) + ", " + std::to_string(error) + ", " + std::string{debug});
  }
  void settings_received() override { ++settings; }
  void ping_acknowledged(std::uint64_t opaque) override { pings.push_back(opaque); }

  void write_headers(http2::stream_user& whose, http2::header_sink& to) override {
    stream_end& who = of(whose);
    to.add(field_list{std::exchange(who.headers_sent, true) ? *who.trailers : who.headers}, 0);
  }
  http2::data_wish pull_data(http2::stream_user& from, std::size_t most) override {
    stream_end& who = of(from);
    http2::data_wish wish;
    wish.bytes = std::min(most, who.outgoing.size());
    wish.end = who.ending && wish.bytes == who.outgoing.size();
    wish.drained = !wish.end && wish.bytes == who.outgoing.size();
    wish.trailers = who.trailers.has_value();
    if (wish.end && wish.trailers) session.send_trailers(who.id);
    return wish;
  }
  void move_data(http2::stream_user& from, std::size_t bytes, gather& to) override {
    to.append(as_bytes(std::string_view{of(from).outgoing}.substr(0, bytes)));
    of(from).outgoing.erase(0, bytes);
  }
};

/// Carries bytes both ways until neither has more to say. What the first refusal of bytes was, or ok.
inline errc talk(machine& a, machine& b) {
  for (;;) {
    std::string const from_a = a.sent();
    std::string const from_b = b.sent();
    if (from_a.empty() && from_b.empty()) return errc::ok;
    if (errc const why = b.take(from_a); why != errc::ok) return why;
    if (errc const why = a.take(from_b); why != errc::ok) return why;
  }
}

/// A client and a server that know each other's SETTINGS.
struct connected {
  explicit connected(http2::session_options server_options = {})
      : client{{.side = http2::side::client}}, server{server_options} {
    greeted = talk(client, server);
  }
  errc talk_on() { return talk(client, server); }

  machine client;
  machine server;
  errc greeted;
};

}  // namespace sluice::test
