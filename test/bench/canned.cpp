// SPDX-License-Identifier: Apache-2.0
// The mirror of the load: answers unary calls with frames that were written once and get new stream ids. It
// reads no headers, and returns the request's message, so it serves bench.Echo/Unary alone. At its end it
// prints what came in: {"calls": N, "received": BYTES}.
#include "frames.hpp"
#include "program.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace {

using namespace bench;

constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::uint32_t receive_window = 1u << 30;

// RFC 7541: the first response puts content-type and grpc-status into the dynamic table, at 63 and 62.
constexpr std::string_view first_headers =
    "\x88\x5f\x10"
    "application/grpc";  // :status 200; content-type
constexpr std::string_view first_trailers =
    "\x40\x0b"
    "grpc-status"
    "\x01"
    "0";
constexpr std::string_view later_headers = "\x88\xbf";
constexpr std::string_view later_trailers = "\xbe";

std::span<std::uint8_t const> octets(std::string_view text) {
  return {reinterpret_cast<std::uint8_t const*>(text.data()), text.size()};
}

struct totals {
  std::uint64_t calls = 0;
  std::uint64_t received = 0;
};

class canned_connection {
 public:
  canned_connection(int socket, totals& count) : socket_(socket), count_(count), input_(256 * 1024) {
    int const on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    bytes settings;
    append_number(settings, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 2);
    append_number(settings, 100000, 4);
    append_number(settings, NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 2);
    append_number(settings, receive_window, 4);
    append_frame(output_, NGHTTP2_SETTINGS, 0, 0, settings);
    append_window_update(receive_window);
  }
  ~canned_connection() { ::close(socket_); }
  canned_connection(canned_connection const&) = delete;
  canned_connection& operator=(canned_connection const&) = delete;

  int socket() const { return socket_; }
  bool wants_to_write() const { return sent_ < output_.size(); }

  // False when the client has gone.
  bool on_readable() {
    auto const got = ::recv(socket_, input_.data() + filled_, input_.size() - filled_, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (got <= 0) return false;
    count_.received += static_cast<std::uint64_t>(got);
    filled_ += static_cast<std::size_t>(got);
    std::size_t taken = 0;
    if (!greeted_) {
      if (filled_ < preface.size()) return true;
      if (std::memcmp(input_.data(), preface.data(), preface.size()) != 0) fail("a client without preface");
      greeted_ = true;
      taken = preface.size();
    }
    taken +=
        split_frames({input_.data() + taken, filled_ - taken}, [this](frame const& each) { take(each); });
    std::memmove(input_.data(), input_.data() + taken, filled_ - taken);
    filled_ -= taken;
    if (filled_ == input_.size()) fail("a frame larger than was allowed");
    return true;
  }

  // One send for all that is ready.
  bool flush() {
    if (!wants_to_write()) return true;
    auto const size = ::send(socket_, output_.data() + sent_, output_.size() - sent_, MSG_NOSIGNAL);
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    sent_ += static_cast<std::size_t>(size);
    if (sent_ < output_.size()) return true;
    output_.clear();
    sent_ = 0;
    return true;
  }

 private:
  void take(frame const& arrived) {
    switch (arrived.type) {
      case NGHTTP2_DATA: return take_data(arrived);
      case NGHTTP2_SETTINGS:
        if (!(arrived.flags & NGHTTP2_FLAG_ACK))
          append_frame(output_, NGHTTP2_SETTINGS, NGHTTP2_FLAG_ACK, 0, {});
        return;
      case NGHTTP2_PING:
        if (!(arrived.flags & NGHTTP2_FLAG_ACK))
          append_frame(output_, NGHTTP2_PING, NGHTTP2_FLAG_ACK, 0, arrived.payload);
        return;
      case NGHTTP2_RST_STREAM: fail("a call was reset");
      default: return;
    }
  }

  void take_data(frame const& arrived) {
    if (arrived.flags & NGHTTP2_FLAG_PADDED) fail("DATA that is padded");
    data_since_update_ += arrived.payload.size();
    if (data_since_update_ >= receive_window / 4) {
      append_window_update(static_cast<std::uint32_t>(data_since_update_));
      data_since_update_ = 0;
    }
    bool const last = arrived.flags & NGHTTP2_FLAG_END_STREAM;
    auto const begun = begun_.empty() ? begun_.end() : begun_.find(arrived.stream);
    if (last && begun == begun_.end()) return respond(arrived.stream, arrived.payload);
    auto& message = begun_[arrived.stream];
    message.insert(message.end(), arrived.payload.begin(), arrived.payload.end());
    if (!last) return;
    respond(arrived.stream, message);
    begun_.erase(arrived.stream);
  }

  void respond(std::uint32_t stream, std::span<std::uint8_t const> message) {
    if (message.size() > 16384) fail("a message is sent in one DATA frame: 16384 bytes at most");
    bool const first = !responded_;
    responded_ = true;
    append_frame(output_, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, stream,
                 octets(first ? first_headers : later_headers));
    append_frame(output_, NGHTTP2_DATA, 0, stream, message);
    append_frame(output_, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, stream,
                 octets(first ? first_trailers : later_trailers));
    ++count_.calls;
  }

  void append_window_update(std::uint32_t by) {
    bytes increment;
    append_number(increment, by, 4);
    append_frame(output_, NGHTTP2_WINDOW_UPDATE, 0, 0, increment);
  }

  int socket_;
  totals& count_;
  bool greeted_ = false;
  bool responded_ = false;
  std::uint64_t data_since_update_ = 0;
  std::unordered_map<std::uint32_t, bytes> begun_;  // requests of which not all has arrived
  bytes input_;
  std::size_t filled_ = 0;
  bytes output_;
  std::size_t sent_ = 0;
};

int listen_on(std::uint16_t port) {
  int const made = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(made, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(made, 1024) != 0 ||
      ::getsockname(made, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    fail(std::string("listen: ") + std::strerror(errno));
  print_listening(ntohs(address.sin_port));
  return made;
}

int termination() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  return ::signalfd(-1, &signals, SFD_NONBLOCK);
}

using connections = std::vector<std::unique_ptr<canned_connection>>;

void turn(connections& all, pollfd const* polled) {
  std::size_t at = 0;
  std::erase_if(all, [&](auto const& each) {
    auto const ready = polled[at++].revents;
    return ready != 0 && ((ready != POLLOUT && !each->on_readable()) || !each->flush());
  });
}

}  // namespace

int main(int argc, char** argv) {
  auto const options = read_options(argc, argv);
  int const stop = termination();
  int const listener = listen_on(options.port);
  totals count;
  connections all;
  for (std::vector<pollfd> polled;;) {
    polled.assign({{stop, POLLIN, 0}, {listener, POLLIN, 0}});
    for (auto const& each : all)
      polled.push_back(
          {each->socket(), static_cast<short>(each->wants_to_write() ? POLLIN | POLLOUT : POLLIN), 0});
    ::poll(polled.data(), polled.size(), -1);
    if (polled[0].revents != 0) break;
    turn(all, polled.data() + 2);
    if (polled[1].revents == 0) continue;
    for (int made; (made = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
      all.push_back(std::make_unique<canned_connection>(made, count));
      all.back()->flush();
    }
  }
  std::printf("{\"calls\": %llu, \"received\": %llu}\n", static_cast<unsigned long long>(count.calls),
              static_cast<unsigned long long>(count.received));
}
