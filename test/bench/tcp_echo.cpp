// SPDX-License-Identifier: Apache-2.0
// What a round trip costs with nothing but Asio and TCP: `tcp_echo server` sends back what it reads, `tcp_echo
// client --kind latency` has one message outstanding, of as many bytes as a unary call needs on the wire.
// Both wait in the event loop and write at once, as whatever serves many connections would.
#include "program.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>

#include <array>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>

namespace {

using namespace bench;
namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using fast_socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;

// Round the payload: its field, the five bytes of gRPC, HEADERS and DATA with all fields in the HPACK table.
constexpr std::size_t framing = 2 + 36;

// Reads, and gives each piece to `use`. A message is far smaller than what a socket takes at once.
class peer : public std::enable_shared_from_this<peer> {
 public:
  explicit peer(fast_socket socket) : socket_(std::move(socket)) {
    socket_.set_option(tcp::no_delay(true));
    socket_.non_blocking(true);
  }
  virtual ~peer() = default;

  void read() {
    socket_.async_read_some(asio::buffer(input_), [self = shared_from_this()](auto error, std::size_t size) {
      if (error) return self->ended();
      self->arrived(size);
      self->read();
    });
  }

 protected:
  virtual void arrived(std::size_t size) = 0;
  virtual void ended() {}

  void write(void const* data, std::size_t size) {
    boost::system::error_code error;
    if (socket_.send(asio::buffer(data, size), 0, error) != size) fail("the send buffer is full");
  }

  std::array<char, 64 * 1024> input_;

 private:
  fast_socket socket_;
};

class echo_peer : public peer {
 public:
  using peer::peer;

 private:
  void arrived(std::size_t size) override { write(input_.data(), size); }
};

class caller : public peer {
 public:
  caller(fast_socket socket, asio::io_context& io, program_options const& options)
      : peer(std::move(socket)), io_(io), message_(options.size + framing, 'x'), left_(options.calls),
        times_(options) {}

  void call() {
    times_.begin();
    received_ = 0;
    write(message_.data(), message_.size());
  }

 private:
  void arrived(std::size_t size) override {
    received_ += size;
    if (received_ < message_.size()) return;
    times_.end();
    if (received_ != message_.size()) fail("a reply of another size");
    if (--left_ > 0) return call();
    times_.print();
    io_.stop();
  }
  void ended() override { fail("connection lost"); }

  asio::io_context& io_;
  std::string const message_;
  std::uint64_t left_;
  std::size_t received_ = 0;
  call_times times_;
};

using acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;

void accept_next(acceptor& from) {
  from.async_accept([&from](auto error, fast_socket socket) {
    if (error) return;
    std::make_shared<echo_peer>(std::move(socket))->read();
    accept_next(from);
  });
}

void serve(asio::io_context& io, program_options const& options) {
  acceptor listener(io.get_executor(), tcp::endpoint(asio::ip::address_v4::loopback(), options.port));
  asio::signal_set signals(io, SIGINT, SIGTERM);
  signals.async_wait([&io](auto, int) { io.stop(); });
  accept_next(listener);
  print_listening(listener.local_endpoint().port());
  io.run();
}

void measure(asio::io_context& io, program_options const& options) {
  if (options.kind != "latency") fail("--kind latency is all that it measures");
  fast_socket socket(io.get_executor());
  boost::system::error_code error;
  socket.connect({asio::ip::address_v4::loopback(), options.port}, error);
  if (error) fail("connect: " + error.message());
  auto const only = std::make_shared<caller>(std::move(socket), io, options);
  only->read();
  only->call();
  io.run();
}

}  // namespace

int main(int argc, char** argv) {
  std::string_view const side = argc > 1 ? argv[1] : "";
  if (side != "server" && side != "client") fail("server or client is needed, then the options");
  auto const options = read_options(argc - 1, argv + 1);
  asio::io_context io(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO);
  side == "server" ? serve(io, options) : measure(io, options);
}
