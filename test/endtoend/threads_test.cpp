// SPDX-License-Identifier: Apache-2.0
// How many threads there are, and what crosses them. Meant for ThreadSanitizer too.
#include "world.hpp"

#include <sluice/net/asio_stream.hpp>

#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>
#include <filesystem>
#include <future>
#include <mutex>
#include <set>
#include <thread>

using namespace endtoend;

namespace {

std::ptrdiff_t threads_of_this_process() {
  std::filesystem::directory_iterator const tasks{"/proc/self/task"};
  return std::distance(begin(tasks), end(tasks));
}

/// Traffic of all kinds, on any executor.
task<void> traffic(channel& on, int rounds) {
  TalkStub talk{on};
  for (int i = 0; i != rounds; ++i) {
    if ((co_await talk.Say(note("x", i))).number() != i) throw std::runtime_error{"a wrong answer"};
    auto heard = talk.Listen(note("y", 20));
    int count = 0;
    while (co_await heard.next()) ++count;
    if (count != 20) throw std::runtime_error{"a message is missing"};
    auto chat = talk.Chat();
    co_await chat.write(note("z"));
    if (co_await chat.next() == nullptr) throw std::runtime_error{"no answer"};
  }
}

template <class T>
T get_in_time(std::future<T> value) {
  if (value.wait_for(60s) != std::future_status::ready) throw std::runtime_error{"it takes too long"};
  return value.get();
}

}  // namespace

TEST_CASE("a client and a server with traffic on one io_context are one thread") {
  auto const before = threads_of_this_process();
  world w;
  std::set<std::thread::id> seen;
  std::ptrdiff_t most = 0;
  w.service.say = [&](Note said) -> task<Note> {
    seen.insert(std::this_thread::get_id());
    most = std::max(most, threads_of_this_process());
    co_return said;
  };
  auto const address = w.server.listen("localhost:0");
  auto const on = w.connect_to("dns:///localhost" + address.substr(address.rfind(':')));
  w.run([&] { return traffic(*on, 20); });
  CHECK(most == before);
  CHECK(seen == std::set{std::this_thread::get_id()});
  CHECK(threads_of_this_process() == before);
}

TEST_CASE(
    "who awaits a server's shutdown may go with its io_context before the server's threads have ended") {
  sluice::event gate;
  std::function<void()> begun;
  talk service;
  service.say = [&](Note what) -> task<Note> {
    begun();
    co_await gate.wait_unstoppably();
    co_return what;
  };
  sluice::io_threads threads{1};
  sluice::server server{threads};
  server.add(service);
  auto const address = server.listen("127.0.0.1:0");
  {
    bounded_io io;
    bool running = false;
    begun = [&] { asio::post(io.io, [&] { running = true; }); };
    channel on{io.executor(), address};
    auto const calling = io.start([&]() -> task<void> { co_await TalkStub{on}.Say(note("x")); });
    io.until([&] { return running; });
    auto const stopping = io.start([&] { return server.shutdown(1h); });
    io.poll();
    CHECK_FALSE(stopping->done);
  }
  asio::post(threads.executor(0), [&] { gate.set(); });
  bounded_io io;
  io.run([&] { return server.shutdown(1h); });
  CHECK(server.active_calls() == 0);
}

TEST_CASE("a server on io_threads serves its connections on all of them") {
  std::atomic<int> said = 0;
  std::mutex lock;
  std::set<std::thread::id> seen;
  talk service;
  service.say = [&](Note what) -> task<Note> {
    ++said;
    {
      std::lock_guard const guard{lock};
      seen.insert(std::this_thread::get_id());
    }
    co_return what;
  };
  sluice::io_threads threads{2};
  CHECK(threads.size() == 2);
  {
    sluice::server server{threads};
    server.add(service);
    auto const address = server.listen("127.0.0.1:0");
    bounded_io io{60s};
    std::vector<std::unique_ptr<channel>> channels;
    for (int i = 0; i != 16; ++i) channels.push_back(std::make_unique<channel>(io.executor(), address));
    io.run([&]() -> task<void> {
      sluice::scope work;
      for (auto const& each : channels) work.spawn(traffic(*each, 5));
      co_await work.join();
    });
    CHECK(server.connections() == 16);
    io.run([&] { return server.shutdown(1s); });
    CHECK(server.connections() == 0);
    CHECK(server.active_calls() == 0);
  }
  threads.join();
  CHECK(said == 80);
  CHECK(seen.size() == 2);
}

TEST_CASE("a server on io_threads is destroyed with calls in flight") {
  std::atomic<int> begun = 0;
  std::atomic<int> ended = 0;
  struct counted {
    explicit counted(std::atomic<int>& in, std::atomic<int>& out) : out_{out} { ++in; }
    ~counted() { ++out_; }
    std::atomic<int>& out_;
  };
  talk service;
  service.say = [&](Note what) -> task<Note> {
    counted const here{begun, ended};
    sluice::event own;
    co_await own.wait();
    co_return what;
  };
  sluice::io_threads threads{2};
  bounded_io io{60s};
  auto server = std::make_unique<sluice::server>(threads);
  server->add(service);
  auto const address = server->listen("127.0.0.1:0");
  std::vector<std::unique_ptr<channel>> channels;
  int over = 0;
  for (int i = 0; i != 6; ++i) {
    channels.push_back(
        std::make_unique<channel>(io.executor(), address, sluice::channel_options{.log = [](auto, auto) {}}));
    sluice::spawn(
        io.io,
        [](channel& on) -> task<void> {
          auto const answer = co_await as_result(TalkStub{on}.Say(note("x")));
          if (answer.status().code() != code::unavailable)
            throw std::runtime_error{answer.status().to_string()};
        }(*channels.back()),
        [&](std::exception_ptr error) {
          CHECK(error == nullptr);
          ++over;
        });
  }
  asio::steady_timer tick{io.io};
  std::function<void()> look_again = [&] {
    tick.expires_after(1ms);
    tick.async_wait([&](boost::system::error_code error) {
      if (!error) look_again();
    });
  };
  look_again();  // the handlers run on other threads: nothing else wakes this one
  io.until([&] { return begun == 6; });
  server.reset();
  CHECK(ended == 6);
  io.until([&] { return over == 6; });
}

TEST_CASE("a connection made by the caller is served on its own thread of io_threads, else on the first") {
  std::mutex lock;
  std::vector<std::thread::id> seen;
  talk service;
  service.say = [&](Note what) -> task<Note> {
    std::lock_guard const guard{lock};
    seen.push_back(std::this_thread::get_id());
    co_return what;
  };
  sluice::io_threads threads{2};
  std::vector<std::thread::id> ids;
  for (std::size_t i = 0; i != 2; ++i)
    ids.push_back(get_in_time(
        asio::post(threads.executor(i), asio::use_future([] { return std::this_thread::get_id(); }))));
  sluice::server server{threads};
  server.add(service);
  bounded_io io{60s};
  auto const connect = [&](std::size_t to) {
    auto ours = std::make_shared<asio::local::stream_protocol::socket>(io.io);
    asio::local::stream_protocol::socket theirs{threads.executor(to)};
    asio::local::connect_pair(*ours, theirs);
    return std::pair{ours, sluice::make_asio_stream(std::move(theirs))};
  };
  auto const say = [&](auto const& ours) {
    channel on{io.executor(), [&] { return sluice::make_asio_stream(std::move(*ours)); }};
    io.run([&]() -> task<void> { co_await TalkStub{on}.Say(note("x")); });
  };
  auto first = connect(0);
  server.serve(std::move(first.second));
  say(first.first);
  auto second = connect(1);
  get_in_time(
      asio::post(threads.executor(1), asio::use_future([&] { server.serve(std::move(second.second)); })));
  say(second.first);
  CHECK(seen == ids);
  io.run([&] { return server.shutdown(1s); });
}

TEST_CASE("a server on io_threads is stopped from a callback on any of them") {
  talk service;
  for (std::size_t i = 0; i != 2; ++i) {
    sluice::io_threads threads{2};
    sluice::server server{threads};
    server.add(service);
    server.listen("127.0.0.1:0");
    get_in_time(asio::post(threads.executor(i), asio::use_future([&] { server.stop(1h); })));
    threads.join();
  }
}

TEST_CASE("a server on io_threads is destroyed while somebody awaits its shutdown") {
  bounded_io io{60s};
  sluice::event gate;
  talk service;
  bool running = false;
  service.say = [&](Note what) -> task<Note> {
    asio::post(io.io, [&] { running = true; });
    co_await gate.wait();
    co_return what;
  };
  sluice::io_threads threads{2};
  auto server = std::make_unique<sluice::server>(threads);
  server->add(service);
  channel on{io.executor(), server->listen("127.0.0.1:0"), {.log = [](auto, auto) {}}};
  status end;
  auto const calling = io.start([&]() -> task<void> {
    auto const answer = co_await as_result(TalkStub{on}.Say(note("x")));
    end = answer.status();
  });
  io.until([&] { return running; });
  auto const stopping = io.start([&] { return server->shutdown(1h); });
  io.poll();
  CHECK_FALSE(stopping->done);
  server.reset();
  io.join(*stopping);
  io.join(*calling);
  CHECK(end.code() == code::unavailable);
}

TEST_CASE("clients on threads of their own share a server on io_threads") {
  talk service;
  sluice::io_threads serving{2};
  sluice::server server{serving};
  server.add(service);
  auto const address = server.listen("127.0.0.1:0");
  sluice::io_threads calling{3};
  {
    std::vector<std::unique_ptr<channel>> channels;
    std::vector<std::future<void>> ends;
    for (std::size_t i = 0; i != calling.size(); ++i) {
      channels.push_back(std::make_unique<channel>(calling.executor(i), address));
      ends.push_back(sluice::spawn(calling.executor(i), traffic(*channels.back(), 10), asio::use_future));
    }
    for (auto& each : ends) get_in_time(std::move(each));
    // A channel belongs to its executor, its end too.
    for (std::size_t i = 0; i != calling.size(); ++i)
      get_in_time(sluice::spawn(calling.executor(i), channels[i]->shutdown(1s), asio::use_future));
  }
  bounded_io io{60s};
  io.run([&] { return server.shutdown(1s); });
}

TEST_CASE("a client and a server live on strands of an io_context that several threads run") {
  asio::io_context io;
  auto const server_strand = asio::make_strand(io);
  auto const client_strand = asio::make_strand(io);
  talk service;
  auto server = std::make_unique<sluice::server>(server_strand);
  server->add(service);
  auto const address = server->listen("127.0.0.1:0");
  channel on{client_strand, address};
  auto guard = asio::make_work_guard(io);
  std::vector<std::thread> runners;
  for (int i = 0; i != 3; ++i) runners.emplace_back([&] { io.run(); });
  std::vector<std::future<void>> ends;
  for (int i = 0; i != 8; ++i) ends.push_back(sluice::spawn(client_strand, traffic(on, 5), asio::use_future));
  for (auto& each : ends) get_in_time(std::move(each));
  get_in_time(sluice::spawn(client_strand, on.shutdown(1s), asio::use_future));
  get_in_time(sluice::spawn(server_strand, server->shutdown(1s), asio::use_future));
  guard.reset();
  for (auto& each : runners) each.join();
}

TEST_CASE("a client and a server live on a strand of a thread pool") {
  asio::thread_pool pool{3};
  talk service;
  auto const strand = asio::make_strand(pool);
  auto const other = asio::make_strand(pool);
  sluice::server server{strand};
  server.add(service);
  auto const address = server.listen("127.0.0.1:0");
  channel on{other, address};
  std::vector<std::future<void>> ends;
  for (int i = 0; i != 8; ++i) ends.push_back(sluice::spawn(other, traffic(on, 5), asio::use_future));
  for (auto& each : ends) get_in_time(std::move(each));
  get_in_time(sluice::spawn(other, on.shutdown(1s), asio::use_future));
  get_in_time(sluice::spawn(strand, server.shutdown(1s), asio::use_future));
  pool.join();
}

TEST_CASE("a pool's own executor, which is not serial, is refused") {
  asio::thread_pool pool{1};
  CHECK_THROWS_AS(sluice::server{pool.get_executor()}, std::invalid_argument);
  CHECK_THROWS_AS((channel{pool.get_executor(), "127.0.0.1:1"}), std::invalid_argument);
  pool.join();
}
