// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace faults {

using namespace std::chrono_literals;
using sluice::task;

namespace {

constexpr auto glance = 5ms;
constexpr auto log_nothing = [](sluice::log_level, std::string_view) {};

sluice::tls_server_options with(sluice::test::made_certificate const& made) {
  sluice::tls_server_options options;
  options.certificates.push_back({sluice::pem::text(made.chain), sluice::pem::text(made.key)});
  return options;
}

std::uint16_t port_of(std::string_view address) {
  return static_cast<std::uint16_t>(std::stoi(std::string{address.substr(address.rfind(':') + 1)}));
}

}  // namespace

credentials::credentials() {
  std::string pattern = (std::filesystem::temp_directory_path() / "sluice-faults-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"no directory for certificates"};
  where_ = pattern;
  auto const made = authority_.issue();
  std::ofstream{chain()} << made.chain;
  std::ofstream{key()} << made.key;
}

credentials::~credentials() {
  std::error_code ignored;
  std::filesystem::remove_all(where_, ignored);
}

sluice::tls_client_options credentials::trusting() const {
  sluice::tls_client_options options;
  options.roots = sluice::pem::text(authority_.root());
  options.server_name = "localhost";
  return options;
}

sluice::tls_server_options credentials::serving() const {
  sluice::tls_server_options options;
  options.certificates.push_back({sluice::pem::file(chain()), sluice::pem::file(key())});
  return options;
}

sluice::tls_server_options credentials::rotated() const { return with(authority_.issue()); }
sluice::tls_server_options credentials::untrusted() const { return with(sluice::test::self_signed()); }

world::world(asio::any_io_executor executor, command serve, credentials const* with)
    : names{executor}, proxy{executor, 0}, secured{with}, executor_{std::move(executor)},
      serve_{std::move(serve)} {
  if (secured != nullptr) {
    options.tls.emplace(secured->trusting());
    tls.emplace(secured->serving());
  }
  options.backoff_initial = 20ms;
  options.backoff_max = 100ms;
  options.log = log_nothing;
}

std::string world::via_proxy() const { return "ipv4:127.0.0.1:" + std::to_string(proxy.port()); }

void world::start_server() {
  // The client's keepalive is quick here.
  server = std::make_unique<sluice::server>(
      executor_, sluice::server_options{.keepalive = {.min_ping_interval = 1ms}, .log = log_nothing});
  server->add(service);
  proxy.lead_to(port_of(tls ? server->listen("127.0.0.1:0", *tls) : server->listen("127.0.0.1:0")));
}

void world::start_child() {
  process = std::make_unique<child>(executor_, serve_);
  proxy.lead_to(process->port());
}

void world::make_channel() {
  channel = std::make_unique<sluice::channel>(executor_, target.empty() ? via_proxy() : target, options);
}

task<bool> world::held(std::size_t count) {
  for (auto left = 10s / glance; left != 0; --left) {
    if ((process ? process->arrived() : service.arrived()) >= count) co_return true;
    co_await sluice::sleep_for(glance);  // sleep: another process tells, and not at each call
  }
  co_return false;
}

task<void> world::settled() {
  std::size_t before = 0;
  do {
    before = proxy.up().passed + proxy.down().passed;
    co_await sluice::sleep_for(6 * glance);  // sleep: silence is what is waited for
  } while (before != proxy.up().passed + proxy.down().passed);
}

}  // namespace faults
