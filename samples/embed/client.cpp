// SPDX-License-Identifier: Apache-2.0
// Uses the server's two sides from one asio::awaitable: its TCP echo, and its gRPC service.
#include "embed.sluice.hpp"
#include "program.hpp"

#include <sluice/sluice.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <exception>
#include <iostream>
#include <string>

namespace {

namespace asio = boost::asio;
using asio::use_awaitable;
using asio::ip::tcp;
using namespace std::chrono_literals;

asio::awaitable<void> echo(std::string address, std::string line) {
  auto const colon = address.rfind(':');
  tcp::endpoint const where{asio::ip::make_address(address.substr(0, colon)),
                            static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1)))};
  tcp::socket socket{co_await asio::this_coro::executor};
  co_await socket.async_connect(where, use_awaitable);
  line += '\n';
  co_await asio::async_write(socket, asio::buffer(line), use_awaitable);
  std::string reply;
  co_await asio::async_read_until(socket, asio::dynamic_buffer(reply), '\n', use_awaitable);
  std::cout << "echo: " << reply << std::flush;
}

asio::awaitable<void> talk(embed::ControlStub control, std::string prefix, std::string line) {
  auto const options = sluice::call_options{}.timeout(5s);
  embed::Counts const before = co_await control.GetCounts({}, options)(use_awaitable);
  co_await echo(before.echo(), line);

  embed::Prefix changed;
  changed.set_text(prefix);
  co_await control.SetPrefix(changed, options)(use_awaitable);
  co_await echo(before.echo(), line);

  embed::Counts const after = co_await control.GetCounts({}, options)(use_awaitable);
  std::cout << "counts: " << after.lines() - before.lines() << " more lines, "
            << after.sessions() - before.sessions() << " more sessions" << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  std::string target;
  std::string prefix = "> ";
  std::string line = "hello";
  sample::program program{"Echoes a line over TCP, changes the echo over gRPC, and echoes it again."};
  program.calls(target)
      .option("--prefix", prefix, "what the echo is to put in front")
      .option("--line", line, "what is echoed");
  return program.run(argc, argv, [&] {
    asio::io_context io{1};
    sluice::channel channel{io.get_executor(), target};
    std::exception_ptr failure;
    asio::co_spawn(io, talk(embed::ControlStub{channel}, prefix, line), [&](std::exception_ptr error) {
      failure = error;
      channel.close();  // an open connection would keep io.run() busy
    });
    io.run();
    if (failure) std::rethrow_exception(failure);
  });
}
