// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>

namespace faults {

namespace asio = boost::asio;

/// What happens to the bytes of one direction.
struct way {
  std::chrono::milliseconds delay{0};          ///< each read is held for so long
  std::size_t piece = std::size_t{64} * 1024;  ///< bytes of one write, that is of one segment
  std::chrono::milliseconds pause{0};          ///< between two of them
  bool stalled = false;                        ///< nothing is passed on, until it is false again
  std::optional<std::size_t> reset_after;  ///< so many more bytes are passed on, then both sides are reset
  std::optional<std::size_t> corrupt_after;  ///< so many more bytes are right, the next one is changed
  std::size_t passed = 0;  ///< bytes passed on so far
};

/// A port of loopback that nobody listens on, and that nobody else gets as long as the socket lives.
[[nodiscard]] asio::ip::tcp::socket reserve(asio::any_io_executor const& executor);

/// A TCP proxy on loopback that does to its connections what bad networks do.
///
/// Concurrency: its executor. Lifetime: destroying it resets its connections.
class chaos_proxy {
 public:
  chaos_proxy(asio::any_io_executor executor, std::uint16_t target);
  chaos_proxy(chaos_proxy const&) = delete;
  chaos_proxy& operator=(chaos_proxy const&) = delete;
  ~chaos_proxy();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// Where connections lead that are made from now on.
  void lead_to(std::uint16_t target) noexcept;
  /// Refuses connections, and takes them again.
  void refuse();
  void listen();
  /// What happens to a connection when it comes.
  enum class greeting : std::uint8_t { forward, reset, silence };
  void greet_with(greeting how) noexcept;

  /// From the client to the server, and back: of all connections. Tell `changed` after a change.
  [[nodiscard]] way& up() noexcept;
  [[nodiscard]] way& down() noexcept;
  void changed();

  /// Resets every connection on both sides.
  void reset();
  /// Ends the bytes towards the client, or towards the server; the other way goes on.
  void end_down();
  void end_up();

 private:
  struct link;
  struct state;
  static asio::awaitable<void> accept(std::shared_ptr<state> all,
                                      std::shared_ptr<asio::ip::tcp::acceptor> on);
  static asio::awaitable<void> serve(std::shared_ptr<state> all, asio::ip::tcp::socket client);
  static asio::awaitable<void> pump(std::shared_ptr<state> all, std::shared_ptr<link> between, way& how,
                                    asio::ip::tcp::socket& from, asio::ip::tcp::socket& to);
  static asio::awaitable<bool> pass(std::shared_ptr<state> all, std::shared_ptr<link> between, way& how,
                                    std::byte* bytes, std::size_t size, asio::ip::tcp::socket& to);

  std::shared_ptr<state> state_;
  asio::ip::tcp::socket reserved_;  // bound and deaf: keeps the port while nobody listens
  std::uint16_t port_ = 0;
};

}  // namespace faults
