// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/code.hpp>
#include <sluice/net/byte_stream.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::testing {

/// The frame types of RFC 9113, 6.
enum class frame_type : std::uint8_t {
  data,
  headers,
  priority,
  rst_stream,
  settings,
  push_promise,
  ping,
  goaway,
  window_update,
  continuation,
};

/// One HTTP/2 frame, to be sent or expected. Made by the functions below; each member changes it and returns it:
///
///   headers(1).status(200).field("content-type", "application/grpc")
///   data(1).message("hello").end()
///
/// To be sent it is taken word for word, however wrong. As an expectation it says what must be there: the type, the
/// stream and END_STREAM; of headers, all values of each name that it lists, in order; of the others, the whole payload.
class http2_frame {
 public:
  using field_list = std::vector<std::pair<std::string, std::string>>;
  static constexpr std::uint8_t end_stream = 0x1;  ///< on DATA and HEADERS
  static constexpr std::uint8_t ack = 0x1;  ///< on SETTINGS and PING
  static constexpr std::uint8_t end_headers = 0x4;  ///< on HEADERS and CONTINUATION
  static constexpr std::uint8_t pad = 0x8;

  http2_frame(frame_type type, std::uint32_t stream, std::uint8_t flags = 0, std::string payload = {})
      : type{type}, flags{flags}, stream{stream}, payload{std::move(payload)} {}

  /// END_STREAM.
  http2_frame& end() noexcept { return flag(end_stream); }
  http2_frame& flag(std::uint8_t bits) noexcept {
    flags = static_cast<std::uint8_t>(flags | bits);
    return *this;
  }
  /// Raw bytes behind the payload.
  http2_frame& bytes(std::string_view more) {
    payload.append(more);
    return *this;
  }
  /// A gRPC message behind the payload: its five-byte prefix, and itself.
  http2_frame& message(std::string_view body, std::uint8_t compressed = 0);

  // headers
  http2_frame& field(std::string_view name, std::string_view value) {
    fields.emplace_back(name, value);
    return *this;
  }
  /// Expected: no field of this name. To be sent: the fields of this name are taken out again.
  http2_frame& without(std::string_view name);
  http2_frame& method(std::string_view value) { return field(":method", value); }
  http2_frame& path(std::string_view value) { return field(":path", value); }
  http2_frame& status(int value) { return field(":status", std::to_string(value)); }
  http2_frame& grpc_status(code value) {
    return field("grpc-status", std::to_string(static_cast<int>(value)));
  }
  http2_frame& grpc_message(std::string_view encoded) { return field("grpc-message", encoded); }

  /// The first value of a field, as far as it was received.
  [[nodiscard]] std::optional<std::string_view> value_of(std::string_view name) const noexcept;
  /// "HEADERS(1) END_STREAM {:status: 200}", for people.
  [[nodiscard]] std::string to_string() const;

  frame_type type;
  std::uint8_t flags;
  std::uint32_t stream;
  std::string payload;  ///< of HEADERS: empty, see `fields`
  field_list fields;
  std::vector<std::string> absent;  ///< see `without`
};

[[nodiscard]] http2_frame headers(std::uint32_t stream);
[[nodiscard]] http2_frame data(std::uint32_t stream);
[[nodiscard]] http2_frame rst_stream(std::uint32_t stream, std::uint32_t error);
[[nodiscard]] http2_frame settings(
    std::initializer_list<std::pair<std::uint16_t, std::uint32_t>> values = {});
[[nodiscard]] http2_frame settings_ack();
[[nodiscard]] http2_frame ping(std::string_view eight_bytes);
[[nodiscard]] http2_frame ping_ack(std::string_view eight_bytes);
/// Expected without `debug`, it says nothing about the received one.
[[nodiscard]] http2_frame goaway(std::uint32_t last_stream, std::uint32_t error, std::string_view debug = {});
[[nodiscard]] http2_frame window_update(std::uint32_t stream, std::uint32_t increment);

/// The headers of a well-formed gRPC request, and of a response; trailers with END_STREAM.
[[nodiscard]] http2_frame request(std::uint32_t stream, std::string_view path);
[[nodiscard]] http2_frame response(std::uint32_t stream);
[[nodiscard]] http2_frame trailers(std::uint32_t stream, code outcome = code::ok);

/// A dialogue did not go as it was written.
class dialogue_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The other end of a connection under test, played frame by frame: the test is the dialogue.
///
///   auto [ours, theirs] = make_pipe(io.get_executor());
///   server.serve(std::move(theirs));
///   scripted_peer peer{io, std::move(ours)};
///   peer.begin_as_client();
///   peer.send(request(1, "/greeter.Greeter/SayHello")).send(data(1).message(hello).end());
///   peer.expect(response(1)).expect(data(1).message(reply)).expect(trailers(1));
///
/// It has no HTTP/2 session, so everything illegal can be sent, and nothing is sent or answered that was not written
/// down, but for one thing: SETTINGS are acknowledged. It runs `io` itself, and only inside its members: a bounded number
/// of steps, and never a wait, so a test that goes wrong fails and does not hang.
///
/// While a frame is expected, housekeeping of another type is passed over: SETTINGS and its acknowledgement, PING
/// acknowledgements, WINDOW_UPDATE.
///
/// Fails with: dialogue_error, which says what was expected and what came. Concurrency: the thread that runs `io`, outside
/// its handlers. Lifetime: `io` outlives it. Destroying it closes its end.
class scripted_peer {
 public:
  scripted_peer(boost::asio::io_context& io, std::unique_ptr<byte_stream> end);
  scripted_peer(scripted_peer&&) noexcept;
  scripted_peer& operator=(scripted_peer&&) noexcept;
  ~scripted_peer();

  /// Sends the connection preface and SETTINGS.
  scripted_peer& begin_as_client(http2_frame const& our_settings = settings());
  /// Expects the client's preface and SETTINGS, and sends SETTINGS.
  scripted_peer& begin_as_server(http2_frame const& our_settings = settings());

  /// Writes into the pipe; runs nothing unless the pipe is full or `split` was asked for. A broken pipe is no failure
  /// (see `broken`): a real peer would not know either.
  scripted_peer& send(http2_frame const& what);
  scripted_peer& send_raw(std::string_view bytes);
  /// From now on at most `bytes` are written at once, and the other end runs in between. 0: everything at once.
  scripted_peer& split(std::size_t bytes) noexcept;

  /// The next frame that is no housekeeping is this one.
  scripted_peer& expect(http2_frame const& what);
  /// The next frame that is no housekeeping, of this type and stream.
  http2_frame expect_any(frame_type type, std::uint32_t stream);
  /// Reads DATA of `stream` until there are `count` bytes of it; its frames may be cut anywhere.
  std::string expect_data(std::uint32_t stream, std::size_t count);
  /// Nothing but housekeeping comes.
  scripted_peer& expect_silence();
  /// Nothing but housekeeping comes, and then the end of the connection (or its breakdown).
  scripted_peer& expect_end();
  /// Everything that comes, not taken for HTTP/2.
  std::string read_raw();

  /// Runs the other end until it waits.
  scripted_peer& settle();
  scripted_peer& half_close() noexcept;
  scripted_peer& close() noexcept;
  /// A read or write failed.
  [[nodiscard]] bool broken() const noexcept;
  /// The sum of the WINDOW_UPDATEs that came for a stream (0: the connection).
  [[nodiscard]] std::uint64_t window_given(std::uint32_t stream);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace sluice::testing
