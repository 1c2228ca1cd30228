// SPDX-License-Identifier: Apache-2.0
#include "program.hpp"

#include <boost/asio/signal_set.hpp>

#include <chrono>
#include <csignal>
#include <iostream>

namespace sample {

void serve(boost::asio::io_context& io, sluice::server& server, std::string const& address) {
  std::string const bound = server.listen(address);

  // Calls under way may end within five seconds, then io.run() returns. The next signal is the system's again, and ends
  // the program at once.
  boost::asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([&](boost::system::error_code const& error, int) {
    if (error) return;
    signals.clear();
    server.stop(std::chrono::seconds{5});
  });

  std::cout << "listening on " << bound << std::endl;
  io.run();
}

}  // namespace sample
