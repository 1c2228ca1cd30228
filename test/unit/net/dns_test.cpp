// SPDX-License-Identifier: Apache-2.0
#include "net/dns.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "net/interleave.hpp"
#include "support/catch.hpp"
#include "unit/net/manual_time.hpp"
#include "unit/net/run_until.hpp"

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using udp = asio::ip::udp;

namespace {

// A name server for what the test tells it; everything else does not exist.
class name_server {
 public:
  struct records {
    std::vector<std::string> v4;
    std::vector<std::string> v6;
    int ignored = 0;          // questions to leave unanswered, each type for itself
    std::uint8_t failure = 0;  // 2: SERVFAIL, 5: REFUSED
  };

  explicit name_server(asio::io_context& io)
      : socket_{io, udp::endpoint{asio::ip::address_v4::loopback(), 0}} {
    receive();
  }

  [[nodiscard]] std::string where() const {
    return "127.0.0.1:" + std::to_string(socket_.local_endpoint().port());
  }
  void stop() { socket_.close(); }

  std::map<std::string, records> names;
  std::vector<std::string> asked;  // "A both.test"

 private:
  void receive() {
    socket_.async_receive_from(asio::buffer(packet_), from_,
                               [this](boost::system::error_code error, std::size_t size) {
                                 if (error) return;
                                 answer(size);
                                 receive();
                               });
  }

  void answer(std::size_t size) {
    std::string name;
    std::size_t at = 12;
    while (at < size && packet_[at] != 0) {
      std::size_t const length = packet_[at];
      if (!name.empty()) name += '.';
      name.append(reinterpret_cast<char const*>(&packet_[at + 1]), length);
      at += length + 1;
    }
    std::uint8_t const type = packet_[at + 2];
    std::size_t const question_end = at + 5;
    asked.push_back((type == 1 ? "A " : "AAAA ") + name);
    auto const found = names.find(name);
    if (found != names.end() && seen_[asked.back()]++ < found->second.ignored) return;

    std::vector<std::uint8_t> reply(packet_.begin(),
                                    packet_.begin() + static_cast<std::ptrdiff_t>(question_end));
    std::uint8_t const code = found == names.end() ? std::uint8_t{3} : found->second.failure;
    reply[2] = 0x85;  // a response, authoritative, recursion desired
    reply[3] = static_cast<std::uint8_t>(0x80 | code);
    std::vector<std::string> const none;
    auto const& list = found == names.end() ? none : type == 1 ? found->second.v4 : found->second.v6;
    reply[7] = static_cast<std::uint8_t>(list.size());
    reply[9] = reply[11] = 0;
    for (auto const& ip : list) {
      std::vector<std::uint8_t> bytes;
      if (type == 1)
        for (auto const byte : asio::ip::make_address_v4(ip).to_bytes()) bytes.push_back(byte);
      else
        for (auto const byte : asio::ip::make_address_v6(ip).to_bytes()) bytes.push_back(byte);
      for (int const byte : {0xc0, 12, 0, int{type}, 0, 1, 0, 0, 0, 60, 0, static_cast<int>(bytes.size())})
        reply.push_back(static_cast<std::uint8_t>(byte));
      reply.insert(reply.end(), bytes.begin(), bytes.end());
    }
    boost::system::error_code ignored;
    socket_.send_to(asio::buffer(reply), from_, 0, ignored);
  }

  udp::socket socket_;
  udp::endpoint from_;
  std::array<std::uint8_t, 1500> packet_{};
  std::map<std::string, int> seen_;
};

using outcome = result<std::vector<address>, std::string>;

struct world {
  void look_up(std::string_view host) {
    options.servers = {server.where()};
    lookup.emplace(io.get_executor(), host, std::uint16_t{80}, options, [this](outcome result) {
      ++calls;
      ended.emplace(std::move(result));
    });
    CHECK(calls == 0);  // never from inside the constructor
  }
  [[nodiscard]] bool ends() {
    return run_until(io, [&] { return calls == 1; });
  }
  [[nodiscard]] std::string text() {
    if (!ends()) return "(does not end)";
    if (!*ended) return "error: " + ended->error();
    std::string out;
    for (auto const& each : **ended) out += (out.empty() ? "" : " ") + each.endpoint();
    return out;
  }
  [[nodiscard]] std::set<std::string> addresses() {
    std::set<std::string> all;
    std::istringstream words{text()};
    for (std::string word; words >> word;) all.insert(word);
    return all;
  }

  asio::io_context io;
  name_server server{io};
  net::dns_options options;
  std::optional<net::dns_lookup> lookup;
  int calls = 0;
  std::optional<outcome> ended;
};

}  // namespace

TEST_CASE("a name gives all its addresses, of both families, with the port") {
  world w;
  w.server.names["both.test"] = {{"192.0.2.1", "192.0.2.2"}, {"2001:db8::1", "2001:db8::2"}};
  w.look_up("both.test");
  CHECK(w.addresses() ==
        std::set<std::string>{"192.0.2.1:80", "192.0.2.2:80", "[2001:db8::1]:80", "[2001:db8::2]:80"});
  REQUIRE((*w.ended)->size() == 4);
  for (std::size_t i = 1; i < 4; ++i)
    CHECK((**w.ended)[i].kind() != (**w.ended)[i - 1].kind());  // interleaved
}

TEST_CASE("a name with one family only is enough") {
  world four;
  four.server.names["four.test"] = {{"192.0.2.1"}, {}};
  four.look_up("four.test");
  CHECK(four.text() == "192.0.2.1:80");
  world six;
  six.server.names["six.test"] = {{}, {"2001:db8::1"}};
  six.look_up("six.test");
  CHECK(six.text() == "[2001:db8::1]:80");
}

TEST_CASE("numeric hosts need no name server") {
  for (auto const* const host : {"127.0.0.1", "::1"}) {
    world w;
    w.look_up(host);
    CHECK(w.addresses().size() == 1);
    CHECK(w.server.asked.empty());
  }
}

TEST_CASE("the hosts file comes before DNS") {
  std::ifstream hosts{"/etc/hosts"};
  std::string name;
  for (std::string line; name.empty() && std::getline(hosts, line);) {
    std::istringstream words{line};
    std::string ip;
    if (words >> ip >> name && ip != "127.0.0.1") name.clear();
  }
  if (name.empty()) name = "localhost";  // special by itself
  world w;
  w.look_up(name);
  CHECK(w.addresses().contains("127.0.0.1:80"));
  CHECK(w.server.asked.empty());
}

TEST_CASE("a failure names the host and the reason") {
  world missing;
  missing.look_up("missing.test");
  CHECK(missing.text() == "error: cannot resolve \"missing.test\": the name does not exist");
  world empty;
  empty.server.names["empty.test"] = {};
  empty.look_up("empty.test");
  CHECK(empty.text() == "error: cannot resolve \"empty.test\": the name has no address");
  world refused;
  refused.options.attempts = 1;
  refused.server.names["refused.test"].failure = 5;
  refused.look_up("refused.test");
  INFO(refused.text());
  CHECK(refused.text().starts_with("error: cannot resolve \"refused.test\": "));
  world invalid;
  invalid.look_up("a..b");
  CHECK(invalid.text().starts_with("error: cannot resolve \"a..b\": "));
}

TEST_CASE("an unreachable name server is told") {
  world w;
  w.options.attempts = 1;
  w.look_up("any.test");
  w.lookup.reset();
  w.server.names["any.test"] = {{"192.0.2.1"}, {}};
  auto const where = w.server.where();
  w.server.stop();
  net::dns_options options;
  options.servers = {where};
  options.attempts = 1;
  options.attempt_timeout = 250ms;
  std::optional<outcome> ended;
  net::dns_lookup const lookup{w.io.get_executor(), "any.test", 80, options,
                               [&](outcome r) { ended = std::move(r); }};
  REQUIRE(run_until(w.io, [&] { return ended.has_value(); }));
  REQUIRE_FALSE(ended->has_value());
  INFO(ended->error());
  CHECK(ended->error().starts_with("cannot resolve \"any.test\": no name server "));
}

TEST_CASE("a lost question is asked again") {
  world w;
  w.options.attempt_timeout = 250ms;  // c-ares's own clock; it counts no less
  w.server.names["lossy.test"] = {{"192.0.2.1"}, {}, 1};
  w.look_up("lossy.test");
  CHECK(w.text() == "192.0.2.1:80");
  CHECK(w.server.asked.size() >= 3);
}

TEST_CASE("a lookup without an answer ends at its timeout") {
  world w;
  auto const time = std::make_shared<manual_time>();
  w.options.time = time;
  w.server.names["silent.test"] = {{}, {}, 1000};
  w.look_up("silent.test");
  REQUIRE(run_until(w.io, [&] { return w.server.asked.size() >= 2; }));
  CHECK(w.calls == 0);
  time->advance(20s);
  CHECK(w.text() == "error: cannot resolve \"silent.test\": no answer within 20.0 s");
  CHECK(time->armed() == 0);
}

TEST_CASE("destroying a lookup cancels it without a call, at any moment") {
  world w;
  w.server.names["silent.test"] = {{}, {}, 1000};
  w.look_up("silent.test");
  REQUIRE(run_until(w.io, [&] { return w.server.asked.size() >= 2; }));
  w.lookup.reset();
  w.look_up("127.0.0.1");  // has its answer, the report is on its way
  w.lookup.reset();
  w.server.stop();
  w.io.restart();
  w.io.run();  // nothing is left to wait for
  CHECK(w.calls == 0);
}

TEST_CASE("a lookup may be destroyed by its own callback, and several run side by side") {
  asio::io_context io;
  name_server server{io};
  for (int i = 0; i < 8; ++i)
    server.names["n" + std::to_string(i) + ".test"] = {{"192.0.2.1"}, {"2001:db8::1"}};
  net::dns_options options;
  options.servers = {server.where()};
  std::vector<std::optional<net::dns_lookup>> lookups(8);
  int calls = 0;
  for (std::size_t i = 0; i < lookups.size(); ++i) {
    lookups[i].emplace(io.get_executor(), "n" + std::to_string(i) + ".test", std::uint16_t{1}, options,
                       [&, i](outcome r) {
                         CHECK(r.has_value());
                         ++calls;
                         lookups[i].reset();
                       });
  }
  REQUIRE(run_until(io, [&] { return calls == 8; }));
  server.stop();
  io.restart();
  io.run();
}

TEST_CASE("families take turns, the first one first, each in its own order") {
  auto const four = [](char last) { return *address::from_ip(std::string{"192.0.2."} + last, 1); };
  auto const six = [](char last) { return *address::from_ip(std::string{"2001:db8::"} + last, 1); };
  using list = std::vector<address>;
  CHECK(net::interleave(list{}).empty());
  CHECK(net::interleave({six('1'), six('2'), six('3'), four('1')}) ==
        list{six('1'), four('1'), six('2'), six('3')});
  CHECK(net::interleave({four('1'), six('1'), six('2')}) == list{four('1'), six('1'), six('2')});
  CHECK(net::interleave({four('1'), four('2')}) == list{four('1'), four('2')});
}
