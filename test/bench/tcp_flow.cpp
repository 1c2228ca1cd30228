// SPDX-License-Identifier: Apache-2.0
// What TCP alone moves on the same loopback, with reads and writes of 256 KiB: `tcp_flow server` sends or takes
// as many bytes as its client asks for, `tcp_flow client --kind download|upload --calls N --size BYTES` is timed.
#include "program.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace bench;

constexpr std::size_t piece = 256 * 1024;

// What a client sends first, in the byte order of this machine: both ends are on it.
struct request {
  std::uint64_t download;
  std::uint64_t upload;
};

void expect(bool good, char const* what) {
  if (!good) fail(std::string(what) + ": " + std::strerror(errno));
}

void send_all(int to, void const* from, std::size_t size) {
  auto const* at = static_cast<char const*>(from);
  while (size > 0) {
    auto const sent = ::send(to, at, size, MSG_NOSIGNAL);
    expect(sent > 0, "send");
    at += sent;
    size -= static_cast<std::size_t>(sent);
  }
}

void send_bytes(int to, std::uint64_t size) {
  std::vector<char> const data(piece, 'x');
  for (; size > 0; size -= std::min<std::uint64_t>(size, piece))
    send_all(to, data.data(), std::min<std::uint64_t>(size, piece));
}

void take_bytes(int from, std::uint64_t size) {
  std::vector<char> data(piece);
  while (size > 0) {
    auto const got = ::recv(from, data.data(), std::min<std::uint64_t>(size, piece), 0);
    expect(got > 0, "recv");
    size -= static_cast<std::uint64_t>(got);
  }
}

int any_socket() {
  int const made = ::socket(AF_INET, SOCK_STREAM, 0);
  expect(made >= 0, "socket");
  return made;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void serve(program_options const& options) {
  int const listener = any_socket();
  auto address = loopback(options.port);
  socklen_t size = sizeof address;
  expect(::bind(listener, reinterpret_cast<sockaddr*>(&address), size) == 0, "bind");
  expect(::listen(listener, 16) == 0, "listen");
  expect(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
  print_listening(ntohs(address.sin_port));
  while (true) {
    int const client = ::accept(listener, nullptr, nullptr);
    expect(client >= 0, "accept");
    request wanted{};
    expect(::recv(client, &wanted, sizeof wanted, MSG_WAITALL) == sizeof wanted, "request");
    take_bytes(client, wanted.upload);
    send_bytes(client, wanted.download);
    if (wanted.upload > 0) send_all(client, "", 1);
    ::close(client);
  }
}

void measure(program_options const& options) {
  bool const download = options.kind == "download";
  if (!download && options.kind != "upload") fail("--kind download or --kind upload is needed");
  auto const bytes = options.calls * options.size;
  if (bytes == 0) fail("--size is needed");
  int const server = any_socket();
  auto const address = loopback(options.port);
  expect(::connect(server, reinterpret_cast<sockaddr const*>(&address), sizeof address) == 0, "connect");
  auto const begin = std::chrono::steady_clock::now();
  request const wanted{download ? bytes : 0, download ? 0 : bytes};
  send_all(server, &wanted, sizeof wanted);
  send_bytes(server, wanted.upload);
  take_bytes(server, download ? bytes : 1);
  print_result(options.calls, std::chrono::steady_clock::now() - begin);
  ::close(server);
}

}  // namespace

int main(int argc, char** argv) {
  std::string_view const side = argc > 1 ? argv[1] : "";
  if (side != "server" && side != "client") fail("server or client is needed, then the options");
  auto const options = read_options(argc - 1, argv + 1);
  side == "server" ? serve(options) : measure(options);
}
