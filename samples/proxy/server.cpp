// SPDX-License-Identifier: Apache-2.0
// A transparent proxy: serves every method by calling it elsewhere.
#include "program.hpp"
#include "proxy.hpp"

#include <sluice/sluice.hpp>

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <chrono>
#include <csignal>
#include <iostream>
#include <limits>
#include <string>

namespace {

using namespace std::chrono_literals;

// From the edge inwards: who calls ends before who is called.
sluice::task<void> stop(sluice::server& server, sluice::channel& upstream) {
  co_await server.shutdown(5s);
  upstream.close();
}

void serve(std::string const& address, std::string const& target) {
  boost::asio::io_context io{1};
  sluice::channel upstream{io.get_executor(), target};
  Proxy proxy{upstream};
  // A message is in memory whole on its way: a limit here is the proxy's own protection, beside those of the two ends.
  sluice::server server{io.get_executor(), {.max_receive_size = std::numeric_limits<std::uint32_t>::max()}};
  server.add_fallback(proxy);
  std::string const bound = server.listen(address);

  boost::asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([&](boost::system::error_code const& error, int) {
    if (error) return;
    signals.clear();
    sluice::spawn(io, stop(server, upstream), boost::asio::detached);
  });
  std::cout << "listening on " << bound << std::endl;
  io.run();
}

}  // namespace

int main(int argc, char** argv) {
  std::string address;
  std::string upstream = "127.0.0.1:50052";
  sample::program program{"Hands every gRPC call on to another server until Ctrl-C."};
  program.listens(address).option("--upstream", upstream, "whom to call: HOST:PORT, unix:PATH, ...");
  return program.run(argc, argv, [&] { serve(address, upstream); });
}
