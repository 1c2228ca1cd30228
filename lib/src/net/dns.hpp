// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/result.hpp>
#include <sluice/net/address.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/time_source.hpp"

namespace sluice::net {

struct dns_options {
  /// "192.0.2.53", "192.0.2.53:5353", "[::1]:53"; empty: those of the system's resolv.conf.
  std::vector<std::string> servers;
  duration timeout = std::chrono::seconds{20};         ///< of the whole lookup
  duration attempt_timeout =
      std::chrono::seconds{2};  ///< of the first question to a server; doubles when asked again
  int attempts = 3;                                    ///< questions to each server
  std::shared_ptr<time_source> time;                   ///< null: the real one
};

/// One lookup of all addresses of a host: numeric addresses at once, then /etc/hosts, then DNS (A and AAAA
/// side by side). No thread; c-ares's sockets are watched on the executor. Each lookup reads resolv.conf
/// anew, so a network that changes under a long-lived process is noticed.
///
/// Completes with: the addresses in the order of RFC 6724, families interleaved by RFC 8305; at least one.
/// Fails with: a sentence that names the host and the reason.
/// Cancellation: destroy it; `done` is not called then. Otherwise `done` is called exactly once, on the
/// executor and never from inside the constructor; it may destroy the lookup.
/// Concurrency: construct and destroy on the executor.
class dns_lookup {
 public:
  using on_done = std::function<void(result<std::vector<address>, std::string>)>;

  dns_lookup(asio::any_io_executor executor, std::string_view host, std::uint16_t port, dns_options options,
             on_done done);
  ~dns_lookup();
  dns_lookup(dns_lookup const&) = delete;
  dns_lookup& operator=(dns_lookup const&) = delete;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace sluice::net
