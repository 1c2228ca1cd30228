// SPDX-License-Identifier: Apache-2.0
// Serves chat.Room.
#include "program.hpp"
#include "room.hpp"

#include <sluice/sluice.hpp>

#include <boost/asio/io_context.hpp>

#include <string>

namespace {

void serve(std::string const& address, std::size_t backlog) {
  boost::asio::io_context io{1};
  Room room{backlog};
  sluice::server server{io.get_executor()};
  server.add(room);
  sample::serve(io, server, address);
}

}  // namespace

int main(int argc, char** argv) {
  std::string address;
  std::size_t backlog = 256;
  sample::program program{"Serves chat.Room until Ctrl-C."};
  program.listens(address).option("--backlog", backlog, 1'000'000,
                                  "events that wait for a member who does not read, before it is dropped");
  return program.run(argc, argv, [&] { serve(address, backlog); });
}
