// SPDX-License-Identifier: Apache-2.0
#include "bench.sluice.hpp"
#include "program.hpp"

#include <sluice/sluice.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace bench {
namespace {

namespace asio = boost::asio;

class echo_service : public EchoService {
  sluice::task<Message> Unary(Message message) override { co_return message; }

  sluice::generator<Message> Download(Request request) override {
    Message message;
    message.set_payload(std::string(request.size(), 'x'));
    for (auto left = request.count(); left > 0; --left) co_yield message;
  }

  sluice::task<Summary> Upload(sluice::generator<Message> messages) override {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
    while (auto const* message = co_await messages.next()) {
      ++count;
      bytes += message->payload().size();
    }
    Summary summary;
    summary.set_count(count);
    summary.set_bytes(bytes);
    co_return summary;
  }

  sluice::generator<Message> Both(sluice::generator<Message> messages) override {
    while (auto* const message = co_await messages.next()) co_yield *message;
  }
};

// Every 100th call of the load asks for a handler that waits.
class slow_echo_service final : public echo_service {
  sluice::task<Message> Unary(Message message) override {
    if (message.payload().ends_with('s'))
      co_await sluice::sleep_for(std::chrono::milliseconds{5});  // sleep: a slow handler is what is measured
    co_return message;
  }
};

std::string listen(sluice::server& server, program_options const& options) {
  auto const address = "127.0.0.1:" + std::to_string(options.port);
  if (options.tls.empty()) return server.listen(address);
  sluice::tls_server_options tls;
  tls.certificates.push_back(
      {sluice::pem::file(options.tls + "/server.pem"), sluice::pem::file(options.tls + "/server.key")});
  tls.minimum_version = sluice::tls_version::tls_1_3;
  return server.listen(address, sluice::tls_server{tls});
}

std::uint16_t port_of(std::string_view address) {
  std::uint16_t port = 0;
  auto const digits = address.substr(address.rfind(':') + 1);
  std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (port == 0) fail("no port in " + std::string(address));
  return port;
}

std::unique_ptr<echo_service> make_service(program_options const& options) {
  if (options.slow) return std::make_unique<slow_echo_service>();
  return std::make_unique<echo_service>();
}

void announce(sluice::server& server, echo_service& echo, program_options const& options) {
  server.add(echo);
  print_listening(port_of(listen(server, options)));
}

void serve(program_options const& options) {
  asio::io_context io{1};
  auto const echo = make_service(options);
  sluice::server server{io.get_executor(), {.max_receive_size = max_message}};
  announce(server, *echo, options);
  asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([&](boost::system::error_code, int) { server.stop(std::chrono::seconds{1}); });
  io.run();
}

void serve_by_threads(program_options const& options) {
  asio::io_context io{1};
  asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([](boost::system::error_code, int) {});
  sluice::io_threads threads{options.threads};
  auto const echo = make_service(options);
  sluice::server server{threads, {.max_receive_size = max_message}};
  announce(server, *echo, options);
  io.run();
  server.stop(std::chrono::seconds{1});
  threads.join();
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  using namespace bench;
  auto const options = read_options(argc, argv);
  options.threads > 1 ? serve_by_threads(options) : serve(options);
}
