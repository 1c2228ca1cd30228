// SPDX-License-Identifier: Apache-2.0
// The server that is attacked: the four kinds of call, counted, and every limit as a flag.
#include "hostile.sluice.hpp"

#include <sluice/sluice.hpp>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <exception>
#include <iostream>
#include <string>
#include <utility>

namespace {

using namespace std::chrono_literals;
using sluice::generator;
using sluice::task;
using sluice::hostile::Answer;
using sluice::hostile::Figures;
using sluice::hostile::Wish;

/// Counts the handlers, by the scope that a handler's frame holds.
class counted {
 public:
  explicit counted(Figures& figures) noexcept : figures_{figures} {
    figures_.set_started(figures_.started() + 1);
    figures_.set_running(figures_.running() + 1);
    if (figures_.running() > figures_.most_running()) figures_.set_most_running(figures_.running());
  }
  counted(counted const&) = delete;
  counted& operator=(counted const&) = delete;
  ~counted() { figures_.set_running(figures_.running() - 1); }

 private:
  Figures& figures_;
};

// Nothing sets the event: the stop of the call throws out of it.
task<void> wait_for_stop() {
  sluice::event never;
  co_await never.wait();
}

void fill(Wish const& wish, Answer& answer) {
  if (wish.size() != 0) answer.set_payload(std::string(wish.size(), 'x'));
  else answer.set_payload(wish.payload());
}

class Victim final : public sluice::hostile::VictimService {
 public:
  explicit Victim(Figures& figures) noexcept : figures_{figures} {}

 private:
  task<Answer> Unary(Wish wish) override {
    counted const here{figures_};
    if (wish.wait()) co_await wait_for_stop();
    Answer answer;
    fill(wish, answer);
    co_return answer;
  }
  generator<Answer> Download(Wish wish) override {
    counted const here{figures_};
    Answer answer;
    fill(wish, answer);
    for (std::uint32_t i = 0; i != wish.count(); ++i) co_yield answer;
    if (wish.wait()) co_await wait_for_stop();
  }
  task<Answer> Upload(generator<Wish> wishes) override {
    counted const here{figures_};
    Answer answer;
    while (auto const* const wish = co_await wishes.next()) fill(*wish, answer);
    co_return answer;
  }
  generator<Answer> Chat(generator<Wish> wishes) override {
    counted const here{figures_};
    Answer answer;
    while (auto const* const wish = co_await wishes.next()) {
      fill(*wish, answer);
      co_yield answer;
    }
  }
  task<Figures> Count(Wish) override { co_return figures_; }

  Figures& figures_;
};

class Guarded final : public sluice::hostile::GuardedService {
 public:
  explicit Guarded(Figures& figures) noexcept : figures_{figures} {}

 private:
  task<Answer> Unary(Wish) override {
    figures_.set_guarded(figures_.guarded() + 1);
    co_return Answer{};
  }

  Figures& figures_;
};

void add_duration(CLI::App& app, std::string const& name, sluice::duration& into) {
  app.add_option_function<unsigned>(
      name, [&into](unsigned ms) { into = std::chrono::milliseconds{ms}; }, "milliseconds");
}

void add_flags(CLI::App& app, sluice::server_options& options) {
  add_duration(app, "--handshake-timeout", options.limits.handshake_timeout);
  add_duration(app, "--header-block-timeout", options.limits.header_block_timeout);
  add_duration(app, "--settings-timeout", options.limits.settings_timeout);
  add_duration(app, "--write-timeout", options.limits.write_timeout);
  add_duration(app, "--max-connection-idle", options.max_connection_idle);
  app.add_option("--max-concurrent-streams", options.max_concurrent_streams, "calls of a connection");
  app.add_option("--max-connections", options.max_connections, "open connections");
  app.add_option("--max-receive-size", options.max_receive_size, "bytes of a message");
  app.add_option("--max-header-list-size", options.max_header_list_size, "bytes of a header list");
}

/// Files; without a certificate there is no TLS.
struct tls_files {
  std::string chain;
  std::string key;
  std::string client_roots;
};

void add_flags(CLI::App& app, tls_files& files) {
  app.add_option("--chain", files.chain, "the certificate: TLS");
  app.add_option("--key", files.key, "its key");
  app.add_option("--client-roots", files.client_roots, "clients need a certificate of these");
}

std::string listen(sluice::server& server, tls_files const& files, sluice::duration handshake) {
  constexpr auto where = "127.0.0.1:0";
  if (files.chain.empty()) return server.listen(where);
  sluice::tls_server_options tls;
  tls.certificates.push_back({sluice::pem::file(files.chain), sluice::pem::file(files.key)});
  tls.handshake_timeout = handshake;
  if (!files.client_roots.empty()) {
    tls.client_roots = sluice::pem::file(files.client_roots);
    tls.clients = sluice::client_certificates::required;
  }
  return server.listen(where, sluice::tls_server{std::move(tls)});
}

void serve(sluice::server_options const& options, tls_files const& files) {
  boost::asio::io_context io{1};
  Figures figures;
  Victim victim{figures};
  Guarded guarded{figures};
  sluice::server server{io.get_executor(), options};
  server.add(victim).add(guarded);
  std::string const bound = listen(server, files, options.limits.handshake_timeout);

  boost::asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([&](boost::system::error_code const& error, int) {
    if (!error) server.stop(500ms);
  });

  std::cout << "listening on " << bound.substr(bound.rfind(':') + 1) << std::endl;
  io.run();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Serves sluice.hostile until SIGTERM; says its port on standard output."};
  sluice::server_options options;
  tls_files files;
  add_flags(app, options);
  add_flags(app, files);
  CLI11_PARSE(app, argc, argv);
  try {
    serve(options, files);
    return 0;
  } catch (std::exception const& error) {
    std::cerr << argv[0] << ": " << error.what() << '\n';
    return 1;
  }
}
