// SPDX-License-Identifier: Apache-2.0
#include "bench.pb.h"
#include "floor_connection.hpp"
#include "framing.hpp"
#include "program.hpp"

#include <memory>
#include <string_view>
#include <vector>

namespace {

using namespace bench;

// What all connections share: how much there is to do.
struct work {
  program_options options;
  asio::io_context& io;
  std::string path;
  std::string payload;
  std::uint64_t to_start;
  std::uint64_t to_finish;
  call_times times;

  bool latency() const { return options.kind == "latency"; }
  bool unary() const { return options.kind == "unary" || latency(); }
};

struct call {
  bool ok_status = false;
  bool ok_grpc_status = false;
  std::uint64_t received = 0;
  std::string pending;
  outgoing_body out;
  Summary summary;
};

class client_connection : public floor_connection {
 public:
  client_connection(floor_socket socket, work& shared)
      : floor_connection(std::move(socket)), work_(shared), calls_(shared.options.streams) {
    static nghttp2_session_callbacks* const callbacks = make_callbacks();
    static nghttp2_option* const options = floor_session_options();
    nghttp2_session_client_new2(&session_, callbacks, this, options);
    submit_floor_settings(session_);
    message_.set_payload(work_.payload);
    for (auto& each : calls_) begin(&each);
  }

 private:
  static nghttp2_session_callbacks* make_callbacks();
  static client_connection& self(void* user) { return *static_cast<client_connection*>(user); }

  call* find(std::int32_t id) const {
    return static_cast<call*>(nghttp2_session_get_stream_user_data(session_, id));
  }

  void begin(call* with) {
    if (work_.to_start == 0) return;
    --work_.to_start;
    with->ok_status = with->ok_grpc_status = false;
    with->received = 0;
    with->out.clear();
    if (work_.latency()) work_.times.begin();
    if (work_.unary()) {
      append_message(with->out.bytes, message_);
    } else if (work_.options.kind == "download") {
      Request request;
      request.set_count(work_.options.calls);
      request.set_size(work_.options.size);
      append_message(with->out.bytes, request);
    } else {
      with->out.left = work_.options.calls;
    }
    nghttp2_nv path = header(":path", "");
    path.value = reinterpret_cast<std::uint8_t*>(work_.path.data());
    path.valuelen = work_.path.size();
    nghttp2_nv const headers[] = {header(":method", "POST"),
                                  header(":scheme", "http"),
                                  path,
                                  header(":authority", "localhost"),
                                  header("te", "trailers"),
                                  header("content-type", "application/grpc"),
                                  header("user-agent", "grpc-floor")};
    nghttp2_data_provider const provider = {{.ptr = with}, &client_connection::provide};
    nghttp2_submit_request(session_, nullptr, headers, std::size(headers), &provider, with);
  }

  static ssize_t provide(nghttp2_session*, std::int32_t, std::uint8_t* buffer, std::size_t room,
                         std::uint32_t* flags, nghttp2_data_source* source, void* user) {
    auto* const from = static_cast<call*>(source->ptr);
    auto const size = from->out.take(buffer, room, self(user).message_);
    if (from->out.empty()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }

  void take_header(std::string_view name, std::string_view value) {
    if (!current_) return;
    if (name == ":status") current_->ok_status = value == "200";
    if (name == "grpc-status") current_->ok_grpc_status = value == "0";
  }

  void take_data(std::int32_t id, std::uint8_t const* data, std::size_t size) {
    auto* const to = find(id);
    split_messages(to->pending, data, size, [this, to](std::uint8_t const* begin, int length) {
      ++to->received;
      if (work_.options.kind == "upload") {
        if (!to->summary.ParseFromArray(begin, length)) fail("malformed summary");
        return;
      }
      if (!reply_.ParseFromArray(begin, length)) fail("malformed reply");
      if (reply_.payload().size() != work_.payload.size()) fail("a reply of another size");
      if (work_.unary() && reply_.payload() != work_.payload) fail("a reply that is no echo");
    });
  }

  void ended(std::int32_t id, std::uint32_t error) {
    auto* const done = find(id);
    if (work_.latency()) work_.times.end();
    if (error != 0 || !done->ok_status || !done->ok_grpc_status || !done->pending.empty())
      fail("a call failed");
    bool const streamed = work_.options.kind == "download" || work_.options.kind == "both";
    if (done->received != (streamed ? work_.options.calls : 1)) fail("a wrong number of replies");
    if (work_.options.kind == "upload" && done->summary.count() != work_.options.calls) fail("lost messages");
    if (--work_.to_finish == 0) return work_.io.stop();
    begin(done);
  }

  void closed() override { fail("connection lost"); }

  work& work_;
  std::vector<call> calls_;
  call* current_ = nullptr;  // the call whose headers arrive
  Message message_;
  Message reply_;
};

nghttp2_session_callbacks* client_connection::make_callbacks() {
  nghttp2_session_callbacks* set = nullptr;
  nghttp2_session_callbacks_new(&set);
  nghttp2_session_callbacks_set_on_begin_headers_callback(
      set, [](nghttp2_session*, nghttp2_frame const* frame, void* user) {
        self(user).current_ = self(user).find(frame->hd.stream_id);
        return 0;
      });
  nghttp2_session_callbacks_set_on_header_callback(
      set, [](nghttp2_session*, nghttp2_frame const*, std::uint8_t const* name, std::size_t name_size,
              std::uint8_t const* value, std::size_t value_size, std::uint8_t, void* user) {
        self(user).take_header({reinterpret_cast<char const*>(name), name_size},
                               {reinterpret_cast<char const*>(value), value_size});
        return 0;
      });
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
      set, [](nghttp2_session*, std::uint8_t, std::int32_t id, std::uint8_t const* data, std::size_t size,
              void* user) {
        self(user).take_data(id, data, size);
        return 0;
      });
  nghttp2_session_callbacks_set_on_stream_close_callback(
      set, [](nghttp2_session*, std::int32_t id, std::uint32_t error, void* user) {
        self(user).ended(id, error);
        return 0;
      });
  return set;
}

}  // namespace

int main(int argc, char** argv) {
  auto const options = read_options(argc, argv);
  asio::io_context io(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO);
  bool const unary = options.kind == "unary" || options.kind == "latency";
  auto const calls = unary ? options.calls : 1;
  auto const* const name = unary                        ? "Unary"
                           : options.kind == "download" ? "Download"
                           : options.kind == "both"     ? "Both"
                                                        : "Upload";
  work todo{options,
            io,
            std::string("/bench.Echo/") + name,
            std::string(options.size, 'x'),
            calls,
            calls,
            call_times(options)};
  auto const begin = std::chrono::steady_clock::now();
  for (unsigned i = 0; i < options.connections; ++i) {
    floor_socket socket(io.get_executor());
    boost::system::error_code error;
    socket.connect({asio::ip::address_v4::loopback(), options.port}, error);
    if (error) fail("connect: " + error.message());
    std::make_shared<client_connection>(std::move(socket), todo)->start();
  }
  io.run();
  if (todo.latency()) return todo.times.print(), 0;
  print_result(options.calls, std::chrono::steady_clock::now() - begin);
}
