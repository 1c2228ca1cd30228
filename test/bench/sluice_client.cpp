// SPDX-License-Identifier: Apache-2.0
#include "bench.sluice.hpp"
#include "program.hpp"

#include <sluice/sluice.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <exception>
#include <string>

namespace bench {
namespace {

Message make_message(program_options const& options) {
  Message message;
  message.set_payload(std::string(options.size, 'x'));
  return message;
}

sluice::call_options options_of(program_options const& options) {
  sluice::call_options of_call;
  if (options.deadline > 0) of_call.timeout(std::chrono::seconds{options.deadline});
  return of_call;
}

// A stream of one message each way, which ends by itself or is cancelled.
sluice::task<void> stream_once(EchoStub& echo, Message const& message, program_options const& options) {
  auto both = echo.Both(options_of(options));
  co_await both.write(message);
  auto const* const reply = co_await both.next();
  if (!reply || reply->payload() != message.payload()) fail("a reply that is no echo");
  if (options.cancel) co_return both.cancel();
  co_await both.writes_done();
  if (co_await both.next()) fail("a reply too many");
}

// One of the streams of a connection: a call after the other, as long as there are some to start.
sluice::task<void> call_in_turn(sluice::channel& channel, Message const& message,
                                program_options const& options, std::uint64_t& to_start) {
  EchoStub echo{channel};
  while (to_start > 0) {
    bool const streams = options.kind == "mixed" && to_start % 2 == 0;
    --to_start;
    if (streams) {
      co_await stream_once(echo, message, options);
      continue;
    }
    Message const reply = co_await echo.Unary(message, options_of(options));
    if (reply.payload() != message.payload()) fail("a reply that is no echo");
  }
}

sluice::task<void> calls(std::deque<sluice::channel>& channels, program_options const& options) {
  Message const message = make_message(options);
  auto to_start = options.calls;
  sluice::scope work;
  for (auto& channel : channels)
    for (unsigned i = 0; i < options.streams; ++i)
      work.spawn(call_in_turn(channel, message, options, to_start));
  co_await work.join();
}

// Streams that are used once and stay open.
struct idle_streams {
  std::size_t to_open;
  sluice::event open;
};

sluice::task<void> stream_and_wait(sluice::channel& channel, Message const& message, idle_streams& all) {
  EchoStub echo{channel};
  auto both = echo.Both();
  co_await both.write(message);
  if (!co_await both.next()) fail("a stream ended");
  if (--all.to_open == 0) all.open.set();
  if (co_await both.next()) fail("a reply too many");
}

sluice::task<void> idle(std::deque<sluice::channel>& channels, program_options const& options) {
  Message const message = make_message(options);
  auto const count = channels.size() * options.streams;
  idle_streams streams{count, {}};
  sluice::scope work;
  for (auto& channel : channels)
    for (unsigned i = 0; i < options.streams; ++i) work.spawn(stream_and_wait(channel, message, streams));
  co_await streams.open.wait();
  pause_warm();
  print_result(count, {});
  std::_Exit(0);  // what it held open is not of interest any more
}

sluice::task<void> latency(sluice::channel& channel, program_options const& options) {
  EchoStub echo{channel};
  Message const message = make_message(options);
  call_times times(options);
  for (auto left = options.calls; left > 0; --left) {
    times.begin();
    Message const reply = co_await echo.Unary(message, options_of(options));
    times.end();
    if (reply.payload() != message.payload()) fail("a reply that is no echo");
  }
  times.print();
}

template <class Messages>
sluice::task<void> read_all(Messages& from, program_options const& options) {
  std::uint64_t count = 0;
  while (auto const* const message = co_await from.next()) {
    if (message->payload().size() != options.size) fail("a message of another size");
    ++count;
  }
  if (count != options.calls) fail("a wrong number of messages");
}

sluice::task<void> download(sluice::channel& channel, program_options const& options) {
  EchoStub echo{channel};
  Request request;
  request.set_count(options.calls);
  request.set_size(options.size);
  auto messages = echo.Download(request);
  co_await read_all(messages, options);
}

sluice::generator<Message> many_messages(program_options const& options) {
  Message const message = make_message(options);
  for (auto left = options.calls; left > 0; --left) co_yield message;
}

sluice::task<void> upload(sluice::channel& channel, program_options const& options) {
  EchoStub echo{channel};
  Summary const summary = co_await echo.Upload(many_messages(options));
  if (summary.count() != options.calls) fail("lost messages");
}

sluice::task<void> write_all(sluice::bidi_streaming_call<Message, Message>& both,
                             program_options const& options) {
  Message const message = make_message(options);
  for (auto left = options.calls; left > 0; --left) co_await both.write(message);
  co_await both.writes_done();
}

sluice::task<void> both_ways(sluice::channel& channel, program_options const& options) {
  EchoStub echo{channel};
  auto both = echo.Both();
  co_await sluice::when_all(write_all(both, options), read_all(both, options));
}

sluice::task<void> measure(std::deque<sluice::channel>& channels, program_options const& options) {
  for (auto& channel : channels) co_await channel.ready();
  if (options.kind == "latency") co_return co_await latency(channels.front(), options);
  if (options.kind == "idle") co_return co_await idle(channels, options);
  auto const begin = std::chrono::steady_clock::now();
  if (options.kind == "unary" || options.kind == "mixed") co_await calls(channels, options);
  if (options.kind == "download") co_await download(channels.front(), options);
  if (options.kind == "upload") co_await upload(channels.front(), options);
  if (options.kind == "both") co_await both_ways(channels.front(), options);
  auto const spent = std::chrono::steady_clock::now() - begin;
  if (options.pause) pause_warm();
  print_result(options.calls, spent);
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  using namespace bench;
  auto const options = read_options(argc, argv);
  boost::asio::io_context io{1};
  std::deque<sluice::channel> channels;
  auto const target = "ipv4:127.0.0.1:" + std::to_string(options.port);
  sluice::channel_options how{.max_receive_size = max_message};
  if (!options.tls.empty())
    how.tls = sluice::tls_client{{.roots = sluice::pem::file(options.tls + "/ca.pem"),
                                  .minimum_version = sluice::tls_version::tls_1_3}};
  for (unsigned i = 0; i < options.connections; ++i) channels.emplace_back(io.get_executor(), target, how);
  try {
    sluice::run(io, measure(channels, options));
  } catch (std::exception const& error) { fail(error.what()); }
}
