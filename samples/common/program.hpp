// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/server/server.hpp>

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace CLI {
class App;
}

/// What the samples' programs have in common, so that each of them shows what is its own.
namespace sample {

/// A program's command line, and its way out with an error.
class program {
 public:
  /// `what`: the first line of --help.
  explicit program(std::string const& what);
  ~program();
  program(program const&) = delete;
  program& operator=(program const&) = delete;

  /// --listen: 127.0.0.1:50051 unless it is given.
  program& listens(std::string& address);
  /// --target: likewise.
  program& calls(std::string& target);
  /// What `value` holds is the default.
  program& option(std::string const& name, std::string& value, std::string const& help);
  program& option(std::string const& name, std::uint16_t& value, std::string const& help);
  program& option(std::string const& name, std::size_t& value, std::size_t most, std::string const& help);
  /// May be given several times.
  program& option(std::string const& name, std::vector<std::string>& values, std::string const& help);
  program& flag(std::string const& name, bool& value, std::string const& help);

  /// Reads the command line, then does `body`. Returns the program's exit code: what `body` throws is printed, and 1.
  int run(int argc, char** argv, std::function<void()> const& body);

 private:
  std::unique_ptr<CLI::App> options_;
};

/// Listens on `address`, says so, and runs `io` until Ctrl-C or SIGTERM. Then calls under way may end within five seconds.
void serve(boost::asio::io_context& io, sluice::server& server, std::string const& address);

}  // namespace sample
