// SPDX-License-Identifier: Apache-2.0
#include "net/dial.hpp"

#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <optional>
#include <string>

#include "net/listener.hpp"
#include "support/catch.hpp"
#include "unit/net/manual_time.hpp"
#include "unit/net/run_until.hpp"
#include "unit/net/waiter.hpp"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

using outcome = result<std::unique_ptr<byte_stream>, std::string>;

struct world {
  address listen(std::string_view text) {
    auto opened = net::listener::open(
        io.get_executor(), text, {},
        [this](std::unique_ptr<byte_stream> stream) { accepted.push_back(std::move(stream)); });
    REQUIRE(opened);
    listeners.push_back(std::move(*opened));
    return listeners.back()->bound().front();
  }
  /// A port that nobody listens on.
  address refusing(std::string_view ip = "127.0.0.1") {
    net::unique_fd const fd{
        ::socket(address::from_ip(ip, 0)->data()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    auto where = *address::from_ip(ip, 0);
    REQUIRE(::bind(fd.get(), where.data(), where.size()) == 0);
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&name), &size) == 0);
    return address::from_native(reinterpret_cast<sockaddr const*>(&name), size);
  }
  /// A listener whose queue is full: the system lets further connects wait.
  address silent() {
    net::unique_fd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    auto where = *address::from_ip("127.0.0.1", 0);
    REQUIRE(::bind(fd.get(), where.data(), where.size()) == 0);
    REQUIRE(::listen(fd.get(), 0) == 0);
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    REQUIRE(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&name), &size) == 0);
    where = address::from_native(reinterpret_cast<sockaddr const*>(&name), size);
    for (int i = 0; i < 4; ++i) {
      net::unique_fd filler{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
      (void)::connect(filler.get(), where.data(), where.size());
      kept.push_back(std::move(filler));
    }
    kept.push_back(std::move(fd));
    return where;
  }
  void start(std::vector<address> list) {
    net::dial_options options;
    options.time = time;
    dialling.emplace(io.get_executor(), std::move(list), options, [this](outcome result) {
      ++calls;
      ended.emplace(std::move(result));
    });
    CHECK(calls == 0);  // never from inside the constructor
  }
  [[nodiscard]] bool ends() {
    return run_until(io, [&] { return calls == 1; });
  }

  asio::io_context io;
  std::shared_ptr<manual_time> time = std::make_shared<manual_time>();
  std::vector<std::unique_ptr<net::listener>> listeners;
  std::vector<std::unique_ptr<byte_stream>> accepted;
  std::vector<net::unique_fd> kept;
  std::optional<net::dial> dialling;
  int calls = 0;
  std::optional<outcome> ended;
};

bool has(std::string const& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("dialling connects to IPv4, IPv6, unix and abstract sockets") {
  for (auto const* const text : {"127.0.0.1:0", "[::1]:0", "unix-abstract:sluice-dial-test"}) {
    world w;
    auto const where = w.listen(text);
    w.start({where});
    REQUIRE(w.ends());
    REQUIRE(w.ended->has_value());
    auto& stream = ***w.ended;
    CHECK(stream.peer() == where.to_string());
    REQUIRE(run_until(w.io, [&] { return w.accepted.size() == 1; }));
    CHECK(write_text(stream, "hello").bytes == 5);
    REQUIRE(run_until(w.io, [&] { return read_text(*w.accepted[0]) == "hello"; }));
    CHECK(w.time->armed() == 0);
  }
}

TEST_CASE("a refused connection names the address, the time and the reason") {
  world w;
  auto const where = w.refusing();
  w.start({where});
  REQUIRE(w.ends());
  REQUIRE_FALSE(w.ended->has_value());
  CHECK(w.ended->error() == "connect to " + where.to_string() + " failed after 0.0 ms: Connection refused");
}

TEST_CASE("with the real clock the time of a failure is measured") {
  asio::io_context io;
  world w;
  std::optional<std::string> error;
  net::dial const dialling{
      io.get_executor(), {w.refusing()}, {}, [&](outcome result) { error = result.error(); }};
  REQUIRE(run_until(io, [&] { return error.has_value(); }));
  INFO(*error);
  CHECK(error->starts_with("connect to ipv4:127.0.0.1:"));
  CHECK(has(*error, " failed after "));
  CHECK(error->ends_with(" ms: Connection refused"));
}

TEST_CASE("a failed address hands over to the next at once, and all failures are told") {
  world w;
  auto const first = w.refusing();
  auto const second = w.refusing("::1");
  auto const third = *address::from_path("/no/such/socket");
  w.start({first, second, third});
  REQUIRE(w.ends());
  auto const text = w.ended->error();
  CHECK(has(text, "connect to " + first.to_string() + " failed"));
  CHECK(has(text, "; connect to " + second.to_string() + " failed"));
  CHECK(has(text, "; connect to unix:/no/such/socket failed after 0.0 ms: No such file or directory"));

  world good;
  auto const where = good.listen("127.0.0.1:0");
  good.start({good.refusing(), where});
  REQUIRE(good.ends());
  REQUIRE(good.ended->has_value());
  CHECK((**good.ended)->peer() == where.to_string());
}

TEST_CASE("a silent address gets company after the stagger, and the loser is closed") {
  world w;
  auto const quiet = w.silent();
  auto const where = w.listen("127.0.0.1:0");
  w.start({quiet, where});
  w.io.poll();
  CHECK(w.accepted.empty());
  CHECK(w.calls == 0);
  CHECK(w.time->next() == 250ms);
  w.time->advance(249ms);
  w.io.restart();
  w.io.poll();
  CHECK(w.accepted.empty());
  w.time->advance(1ms);
  REQUIRE(w.ends());
  REQUIRE(w.ended->has_value());
  CHECK((**w.ended)->peer() == where.to_string());
  CHECK(w.time->armed() == 0);
  // The loser is closed: nothing is left to wait for but the listener.
  REQUIRE(run_until(w.io, [&] { return w.accepted.size() == 1; }));
  w.listeners.clear();
  w.io.restart();
  w.io.run();
  CHECK(w.calls == 1);
}

TEST_CASE("when the first address answers after all, the second one loses") {
  world w;
  auto const where = w.listen("127.0.0.1:0");
  auto const quiet = w.silent();
  w.start({where, quiet});
  w.time->advance(250ms);  // before the loop has seen the first one connected
  REQUIRE(w.ends());
  REQUIRE(w.ended->has_value());
  CHECK((**w.ended)->peer() == where.to_string());
  w.listeners.clear();
  w.io.restart();
  w.io.run();
  CHECK(w.calls == 1);
}

TEST_CASE("the overall timeout ends every attempt and tells what was not tried") {
  world w;
  auto const quiet = w.silent();
  w.start({quiet, quiet});
  w.time->advance(20s);
  REQUIRE(w.ends());
  CHECK(w.ended->error() == "connect to " + quiet.to_string() +
                                " failed after 20.0 s: no answer, timed out; connect to " +
                                quiet.to_string() + " failed after 19.8 s: no answer, timed out");
  CHECK(w.time->armed() == 0);
}

TEST_CASE("a full queue of a unix socket is asked again until it has room") {
  world w;
  auto const where = *address::from_abstract_name("sluice-full-queue");
  net::unique_fd const fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  REQUIRE(::bind(fd.get(), where.data(), where.size()) == 0);
  REQUIRE(::listen(fd.get(), 0) == 0);
  net::unique_fd const filler{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  REQUIRE(::connect(filler.get(), where.data(), where.size()) == 0);
  w.start({where});
  w.time->advance(100ms);
  w.io.poll();
  CHECK(w.calls == 0);
  net::unique_fd const room{::accept(fd.get(), nullptr, nullptr)};
  w.time->advance(10ms);
  REQUIRE(w.ends());
  CHECK(w.ended->has_value());
}

TEST_CASE("destroying a dial cancels it without a call, at any moment") {
  world w;
  w.start({w.silent()});
  w.dialling.reset();
  CHECK(w.time->armed() == 0);
  w.io.run();
  w.start({w.refusing()});  // has failed, the report is on its way
  w.dialling.reset();
  w.io.restart();
  w.io.run();
  w.start({w.refusing(), w.silent(), w.refusing()});  // in the middle
  w.io.restart();
  w.io.poll();
  w.dialling.reset();
  w.io.restart();
  w.io.run();
  CHECK(w.calls == 0);
}

TEST_CASE("a dial may be destroyed by its own callback") {
  asio::io_context io;
  world w;
  std::optional<net::dial> dialling;
  int calls = 0;
  dialling.emplace(io.get_executor(), std::vector<address>{w.refusing()}, net::dial_options{}, [&](outcome) {
    ++calls;
    dialling.reset();
  });
  REQUIRE(run_until(io, [&] { return calls == 1; }));
}

TEST_CASE("an empty list of addresses fails with a sentence") {
  world w;
  w.start({});
  REQUIRE(w.ends());
  CHECK(w.ended->error() == "nothing to connect to: the list of addresses is empty");
}

TEST_CASE("a unix socket that is not there is a failure with its reason") {
  world w;
  w.start({*address::from_path("/nonexistent/sluice.sock")});
  REQUIRE(w.ends());
  CHECK(has(w.ended->error(), "connect to unix:/nonexistent/sluice.sock failed after "));
  CHECK(has(w.ended->error(), "No such file or directory"));
}
