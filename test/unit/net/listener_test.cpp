// SPDX-License-Identifier: Apache-2.0
#include "net/listener.hpp"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <boost/asio/io_context.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "net/dial.hpp"
#include "support/catch.hpp"
#include "unit/net/manual_time.hpp"
#include "unit/net/run_until.hpp"
#include "unit/net/waiter.hpp"

using namespace sluice;
using namespace sluice::test;
namespace asio = boost::asio;
using net::listener;

namespace {

bool has(std::string const& text, std::string_view part) { return text.find(part) != text.npos; }

struct scratch_directory {
  scratch_directory() {
    std::string name = (std::filesystem::temp_directory_path() / "sluice-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~scratch_directory() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

net::unique_fd client_of(address const& where) {
  net::unique_fd fd{::socket(where.data()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (::connect(fd.get(), where.data(), where.size()) != 0) fd.reset();
  return fd;
}

struct server {
  explicit server(std::string_view text, net::listen_options options = {})
      : server{*parse_listen_address(text), options} {}
  explicit server(std::vector<address> const& where, net::listen_options options = {}) {
    auto opened = listener::open(io.get_executor(), where, std::move(options),
                                 [this](std::unique_ptr<byte_stream> stream) {
                                   streams.push_back(std::move(stream));
                                   if (after_accept) after_accept();
                                 });
    INFO((opened ? "" : opened.error()));
    REQUIRE(opened);
    on = std::move(*opened);
  }
  [[nodiscard]] bool accepts(std::size_t count) {
    return run_until(io, [&] { return streams.size() >= count; });
  }
  asio::io_context io;
  std::vector<std::unique_ptr<byte_stream>> streams;
  std::function<void()> after_accept;
  std::unique_ptr<listener> on;
};

std::string refusal(std::string_view text, net::listen_options options = {}) {
  asio::io_context io;
  auto const opened = listener::open(io.get_executor(), text, std::move(options), [](auto) {});
  return opened ? "opened" : opened.error();
}

}  // namespace

TEST_CASE("a listener resolves port 0 and accepts on IPv4, IPv6, both loopbacks, and abstract names") {
  for (auto const* const text :
       {"127.0.0.1:0", "[::1]:0", "localhost:0", ":0", "unix-abstract:sluice-listener-test"}) {
    INFO(text);
    server s{text};
    for (auto const& where : s.on->bound()) {
      INFO(where.to_string());
      if (where.is_ip()) CHECK(where.port() == s.on->bound().front().port());
      if (where.is_ip()) CHECK(where.port() != 0);
      auto const before = s.streams.size();
      auto const client = client_of(where);
      REQUIRE(client);
      REQUIRE(s.accepts(before + 1));
      REQUIRE(::send(client.get(), "hi", 2, 0) == 2);
      REQUIRE(run_until(s.io, [&] { return read_text(*s.streams.back()) == "hi"; }));
      if (!where.is_wildcard()) CHECK(s.streams.back()->local() == where.to_string());
    }
  }
}

TEST_CASE("the wildcard address takes both IPv6 and IPv4, with one socket") {
  server s{":0"};
  CHECK(s.on->bound().size() == 1);
  auto const v4 = client_of(*address::from_ip("127.0.0.1", s.on->bound().front().port()));
  REQUIRE(v4);
  REQUIRE(s.accepts(1));
  CHECK(s.streams[0]->peer().starts_with("ipv4:127.0.0.1:"));
}

TEST_CASE("a port in use is refused with its address and what to do") {
  server const s{"127.0.0.1:0"};
  auto const where = s.on->bound().front().endpoint();
  auto const text = refusal(where);
  CHECK(has(text, "cannot listen on ipv4:" + where + ": bind: Address already in use"));
  CHECK(has(text, "choose another port"));
}

TEST_CASE("other reasons not to listen are named") {
  CHECK(has(refusal("192.0.2.77:0"), "No interface of this machine has that address"));
  CHECK(has(refusal("unix:/no/such/directory/x.sock"), "directory of the socket does not exist"));
  CHECK(has(refusal("nonsense"), "cannot listen on \"nonsense\""));
  server const s{"unix-abstract:sluice-taken"};
  CHECK(
      has(refusal("unix-abstract:sluice-taken"), "unix-abstract:sluice-taken: bind: Address already in use"));
}

TEST_CASE("with reuse_port, several listeners share a port") {
  net::listen_options options;
  options.bind.reuse_port = true;
  server const first{"127.0.0.1:0", options};
  server const second{first.on->bound(), options};
  CHECK(first.on->bound() == second.on->bound());
  CHECK(has(refusal(first.on->bound().front().to_string()), "Address already in use"));
}

TEST_CASE("a unix socket's file comes and goes with its listener") {
  scratch_directory const directory;
  auto const path = directory.path / "x.sock";
  {
    server s{"unix:" + path.string()};
    CHECK(std::filesystem::is_socket(path));
    CHECK(has(refusal("unix:" + path.string()), "Another program listens there"));
    CHECK(std::filesystem::is_socket(path));
    auto const client = client_of(s.on->bound().front());
    REQUIRE(client);
    REQUIRE(s.accepts(1));
    CHECK(s.streams[0]->peer() == "unix:");
    CHECK(s.streams[0]->local() == "unix:" + path.string());
    s.on->close();
    CHECK_FALSE(std::filesystem::exists(path));
  }
}

TEST_CASE("a stale unix socket is replaced, a file that is none is left alone") {
  scratch_directory const directory;
  auto const path = directory.path / "x.sock";
  {
    auto const where = *address::from_path(path.string());
    net::unique_fd const dead{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    REQUIRE(::bind(dead.get(), where.data(), where.size()) == 0);
  }
  REQUIRE(std::filesystem::is_socket(path));
  {
    server s{"unix:" + path.string()};
    auto const client = client_of(s.on->bound().front());
    CHECK(client);
  }
  CHECK_FALSE(std::filesystem::exists(path));
  std::ofstream{path} << "precious";
  CHECK(has(refusal("unix:" + path.string()), "A file that is not a socket has that name"));
  CHECK(std::filesystem::file_size(path) == 8);
}

TEST_CASE("a listener does not unlink the socket that took its name over") {
  scratch_directory const directory;
  auto const path = directory.path / "x.sock";
  auto const other = directory.path / "y.sock";
  server first{"unix:" + path.string()};
  server second{"unix:" + other.string()};
  std::filesystem::rename(other, path);
  first.on.reset();
  CHECK(std::filesystem::is_socket(path));
}

TEST_CASE("running out of descriptors backs off, longer each time, and goes on") {
  auto const time = std::make_shared<manual_time>();
  int failures = 3;
  std::vector<std::string> said;
  net::listen_options options;
  options.time = time;
  options.log = [&](log_level level, std::string_view text) {
    CHECK(level == log_level::warning);
    said.emplace_back(text);
  };
  options.accept = [&](int fd) {
    if (failures == 0) return ::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    --failures;
    errno = failures == 1 ? ENFILE : EMFILE;
    return -1;
  };
  server s{"127.0.0.1:0", options};
  auto const client = client_of(s.on->bound().front());
  REQUIRE(client);
  for (auto const pause : {10, 20, 40}) {
    REQUIRE(run_until(s.io, [&] { return time->armed() == 1; }));
    CHECK(time->next() == std::chrono::milliseconds{pause});
    CHECK(s.streams.empty());
    time->advance(std::chrono::milliseconds{pause});
  }
  REQUIRE(s.accepts(1));
  REQUIRE(said.size() == 3);
  CHECK(said[0] == "accept: Too many open files (see ulimit -n); trying again in 10.0 ms");
}

TEST_CASE("at the process's real limit of descriptors accepting waits and then recovers") {
  rlimit old{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &old) == 0);
  auto const time = std::make_shared<manual_time>();
  net::listen_options options;
  options.time = time;
  server s{"127.0.0.1:0", options};
  auto const client = client_of(s.on->bound().front());
  REQUIRE(client);
  rlimit low = old;
  low.rlim_cur = 3;  // what is open stays open, nothing can be added
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
  bool const backed_off = run_until(s.io, [&] { return time->armed() == 1; });
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &old) == 0);
  CHECK(backed_off);
  CHECK(s.streams.empty());
  time->advance(std::chrono::milliseconds{10});
  CHECK(s.accepts(1));
}

TEST_CASE("a connection that died in the queue is passed over at once") {
  int failures = 2;
  net::listen_options options;
  options.accept = [&](int fd) {
    if (failures == 0) return ::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    --failures;
    errno = ECONNABORTED;
    return -1;
  };
  server s{"127.0.0.1:0", options};
  auto const client = client_of(s.on->bound().front());
  REQUIRE(s.accepts(1));
}

TEST_CASE("a paused listener leaves connections queued until it resumes") {
  server s{"127.0.0.1:0"};
  s.after_accept = [&] {
    if (s.streams.size() == 2) s.on->pause();
  };
  std::vector<net::unique_fd> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(client_of(s.on->bound().front()));
  REQUIRE(s.accepts(2));
  s.io.restart();
  s.io.poll();
  CHECK(s.streams.size() == 2);
  s.on->resume();
  REQUIRE(s.accepts(5));
}

TEST_CASE("a burst is accepted in batches, with other work in between") {
  net::listen_options options;
  options.batch = 2;
  server s{"127.0.0.1:0", options};
  std::vector<net::unique_fd> clients;
  for (int i = 0; i < 7; ++i) clients.push_back(client_of(s.on->bound().front()));
  std::size_t most = 0;
  while (s.streams.size() < 7) {
    auto const before = s.streams.size();
    REQUIRE(s.io.run_one_for(std::chrono::seconds{10}) == 1);
    most = std::max(most, s.streams.size() - before);
  }
  CHECK(most == 2);
}

TEST_CASE("a listener may be closed or destroyed by what it accepts, and is silent afterwards") {
  server s{"127.0.0.1:0"};
  s.after_accept = [&] { s.on.reset(); };
  auto const where = s.on->bound().front();
  auto const first = client_of(where);
  auto const second = client_of(where);
  REQUIRE(s.accepts(1));
  s.io.restart();
  s.io.run();  // nothing is left to wait for
  CHECK(s.streams.size() == 1);
  CHECK_FALSE(client_of(where));
}

TEST_CASE("connections live on the executor that is chosen for them") {
  asio::io_context other;
  net::listen_options options;
  options.executor_for_connection = [&] { return asio::any_io_executor{other.get_executor()}; };
  server s{"127.0.0.1:0", options};
  auto const client = client_of(s.on->bound().front());
  REQUIRE(s.accepts(1));
  auto const waiter = std::make_shared<counting_waiter>();
  s.streams[0]->wait(io_direction::write, waiter);
  s.io.restart();
  s.io.poll();
  CHECK(waiter->writes == 0);
  REQUIRE(run_until(other, [&] { return waiter->writes == 1; }));
  s.streams.clear();
}
