// SPDX-License-Identifier: Apache-2.0
#include "bench.pb.h"
#include "floor_connection.hpp"
#include "framing.hpp"
#include "program.hpp"

#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <memory>
#include <string_view>
#include <vector>

namespace {

using namespace bench;

enum class method { unknown, unary, download, upload, both };

method find_method(std::string_view path) {
  if (path == "/bench.Echo/Unary") return method::unary;
  if (path == "/bench.Echo/Download") return method::download;
  if (path == "/bench.Echo/Upload") return method::upload;
  if (path == "/bench.Echo/Both") return method::both;
  return method::unknown;
}

struct stream {
  method called = method::unknown;
  bool started = false;  // the response is submitted
  bool ended = false;    // all of the response is in `out`
  std::string pending;   // of the request: a message that is not whole yet
  outgoing_body out;
  Message message;  // of a download: what is sent; else the last that was received
  Summary summary;
};

class server_connection : public floor_connection {
 public:
  explicit server_connection(floor_socket socket) : floor_connection(std::move(socket)) {
    static nghttp2_session_callbacks* const callbacks = make_callbacks();
    static nghttp2_option* const options = floor_session_options();
    nghttp2_session_server_new2(&session_, callbacks, this, options);
    submit_floor_settings(session_);
  }

  ~server_connection() override {
    for (auto* open : all_) delete open;
  }

 private:
  static nghttp2_session_callbacks* make_callbacks();
  static server_connection& self(void* user) { return *static_cast<server_connection*>(user); }

  stream* find(std::int32_t id) const {
    return static_cast<stream*>(nghttp2_session_get_stream_user_data(session_, id));
  }

  void opened(std::int32_t id) {
    if (idle_.empty()) {
      all_.push_back(new stream);
      idle_.push_back(all_.back());
    }
    current_ = idle_.back();
    idle_.pop_back();
    nghttp2_session_set_stream_user_data(session_, id, current_);
  }

  void closed_stream(std::int32_t id) {
    auto* const done = find(id);
    if (!done) return;
    done->called = method::unknown;
    done->started = done->ended = false;
    done->pending.clear();
    done->out.clear();
    done->summary.Clear();
    idle_.push_back(done);
  }

  void take_data(std::int32_t id, std::uint8_t const* data, std::size_t size) {
    auto* const to = find(id);
    split_messages(to->pending, data, size, [to](std::uint8_t const* begin, int length) {
      if (to->called == method::download) {
        Request request;
        if (!request.ParseFromArray(begin, length)) fail("malformed request");
        to->out.left = request.count();
        to->message.mutable_payload()->assign(request.size(), 'x');
        return;
      }
      if (!to->message.ParseFromArray(begin, length)) fail("malformed message");
      if (to->called == method::upload) {
        to->summary.set_count(to->summary.count() + 1);
        to->summary.set_bytes(to->summary.bytes() + to->message.payload().size());
      } else {
        append_message(to->out.bytes, to->message);
      }
    });
    if (to->called == method::both) respond(id, to);
  }

  void end_of_request(std::int32_t id) {
    auto* const to = find(id);
    to->ended = true;
    if (to->called == method::upload) append_message(to->out.bytes, to->summary);
    respond(id, to);
  }

  void respond(std::int32_t id, stream* to) {
    if (to->started) {
      nghttp2_session_resume_data(session_, id);
      return;
    }
    to->started = true;
    static nghttp2_nv const headers[] = {header(":status", "200"),
                                         header("content-type", "application/grpc")};
    nghttp2_data_provider const provider = {{.ptr = to}, &server_connection::provide};
    nghttp2_submit_response(session_, id, headers, std::size(headers), &provider);
  }

  static ssize_t provide(nghttp2_session* session, std::int32_t id, std::uint8_t* buffer, std::size_t room,
                         std::uint32_t* flags, nghttp2_data_source* source, void*) {
    auto* const from = static_cast<stream*>(source->ptr);
    auto const size = from->out.take(buffer, room, from->message);
    if (from->ended && from->out.empty()) {
      static nghttp2_nv const trailers[] = {header("grpc-status", "0")};
      *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
      nghttp2_submit_trailer(session, id, trailers, std::size(trailers));
    } else if (size == 0) {
      return NGHTTP2_ERR_DEFERRED;
    }
    return static_cast<ssize_t>(size);
  }

  stream* current_ = nullptr;  // the stream whose headers arrive
  std::vector<stream*> idle_;
  std::vector<stream*> all_;
};

nghttp2_session_callbacks* server_connection::make_callbacks() {
  nghttp2_session_callbacks* set = nullptr;
  nghttp2_session_callbacks_new(&set);
  nghttp2_session_callbacks_set_on_begin_headers_callback(
      set, [](nghttp2_session*, nghttp2_frame const* frame, void* user) {
        if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) self(user).opened(frame->hd.stream_id);
        return 0;
      });
  nghttp2_session_callbacks_set_on_header_callback(
      set, [](nghttp2_session*, nghttp2_frame const*, std::uint8_t const* name, std::size_t name_size,
              std::uint8_t const* value, std::size_t value_size, std::uint8_t, void* user) {
        if (name_size == 5 && std::memcmp(name, ":path", 5) == 0)
          self(user).current_->called = find_method({reinterpret_cast<char const*>(value), value_size});
        return 0;
      });
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
      set, [](nghttp2_session*, std::uint8_t, std::int32_t id, std::uint8_t const* data, std::size_t size,
              void* user) {
        self(user).take_data(id, data, size);
        return 0;
      });
  nghttp2_session_callbacks_set_on_frame_recv_callback(
      set, [](nghttp2_session*, nghttp2_frame const* frame, void* user) {
        bool const of_request = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
        if (of_request && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
          self(user).end_of_request(frame->hd.stream_id);
        return 0;
      });
  nghttp2_session_callbacks_set_on_stream_close_callback(
      set, [](nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
        self(user).closed_stream(id);
        return 0;
      });
  return set;
}

using acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;

void accept_next(acceptor& from) {
  from.async_accept([&from](auto error, floor_socket socket) {
    if (error) return;
    std::make_shared<server_connection>(std::move(socket))->start();
    accept_next(from);
  });
}

}  // namespace

int main(int argc, char** argv) {
  auto const options = read_options(argc, argv);
  asio::io_context io(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO);
  acceptor listener(io.get_executor(), tcp::endpoint(asio::ip::address_v4::loopback(), options.port));
  asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&io](auto, int) { io.stop(); });
  accept_next(listener);
  print_listening(listener.local_endpoint().port());
  io.run();
}
