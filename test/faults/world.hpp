// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "calls.hpp"
#include "chaos_proxy.hpp"
#include "child.hpp"
#include "name_server.hpp"
#include "refusing_server.hpp"
#include "talk.hpp"

#include "support/certificates.hpp"

#include <sluice/sluice.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace faults {

/// Certificates for the whole run, in files: the servers in processes of their own read them, too. They go with it.
class credentials {
 public:
  credentials();
  credentials(credentials const&) = delete;
  credentials& operator=(credentials const&) = delete;
  ~credentials();

  /// What clients trust.
  [[nodiscard]] sluice::tls_client_options trusting() const;
  [[nodiscard]] sluice::tls_server_options serving() const;
  /// Another certificate of the same authority, and one of an authority that nobody knows.
  [[nodiscard]] sluice::tls_server_options rotated() const;
  [[nodiscard]] sluice::tls_server_options untrusted() const;

  [[nodiscard]] std::string chain() const { return (where_ / "chain.pem").string(); }
  [[nodiscard]] std::string key() const { return (where_ / "key.pem").string(); }

 private:
  sluice::test::test_authority authority_;
  std::filesystem::path where_;
};

/// What one cell of the matrix has to itself: a server, here or in a process of its own, the proxy before it, and a
/// channel through the proxy.
///
/// Concurrency: its executor, a strand, which has a scheduler of its own, and with that a clock.
class world {
 public:
  /// `secured`: with TLS.
  world(asio::any_io_executor executor, command serve, credentials const* secured);
  world(world const&) = delete;
  world& operator=(world const&) = delete;

  [[nodiscard]] asio::any_io_executor const& executor() const noexcept { return executor_; }
  [[nodiscard]] std::string via_proxy() const;

  void start_server();
  /// The server in a process of its own: another one each time.
  void start_child();
  void make_channel();

  /// Completes with: whether so many calls have been held, within ten seconds.
  [[nodiscard]] sluice::task<bool> held(std::size_t count);
  /// Completes: when nothing passes through the proxy any more.
  [[nodiscard]] sluice::task<void> settled();

  talk service;
  name_server names;
  std::optional<sluice::tls_server> tls;  ///< of the server here
  std::unique_ptr<sluice::server> server;
  std::unique_ptr<child> process;
  chaos_proxy proxy;
  credentials const* secured;
  std::size_t calls = 1;  ///< of the cell
  std::unique_ptr<refusing_server> refusing;
  std::vector<asio::ip::tcp::socket> deaf;  ///< ports of the cell's that refuse
  sluice::channel_options options;  ///< of the channel
  std::string target;  ///< empty: the proxy
  std::unique_ptr<sluice::channel> channel;

 private:
  asio::any_io_executor executor_;
  command serve_;
};

}  // namespace faults
