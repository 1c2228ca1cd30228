// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/channel.hpp>
#include <sluice/core/status.hpp>
#include <sluice/coro/executor.hpp>
#include <sluice/net/address.hpp>

#include "client/backoff.hpp"
#include "net/dial.hpp"
#include "transport/connection.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::calling {

class subchannel;

/// Whom a subchannel tells.
class subchannel_owner {
 public:
  virtual void subchannel_changed(subchannel& which) = 0;
  /// Another call may be opened on it.
  virtual void subchannel_has_room(subchannel& which) noexcept = 0;
  /// The server refuses further connections whose keepalive pings come as often.
  virtual void too_many_pings() noexcept {}

 protected:
  ~subchannel_owner() = default;
};

/// One connection at a time to one of some addresses.
///
///   idle -> connecting (dial, then the peer's SETTINGS) -> ready -> (lost, GOAWAY) -> idle
///                 \-> transient_failure -> (back-off) -> idle
class subchannel final : public std::enable_shared_from_this<subchannel>,
                         private transport::connection_owner,
                         private coro::timer {
 public:
  subchannel(asio::any_io_executor executor, channel_options const& options, std::vector<address> addresses,
             channel::connector const* connect, subchannel_owner& owner, std::string authority = {});
  ~subchannel();

  void use_addresses(std::vector<address> addresses) { addresses_ = std::move(addresses); }
  /// Nothing unless idle.
  void connect();
  /// Ends the connection: graceful lets its calls finish. Also gives up connecting.
  void disconnect(bool graceful);

  [[nodiscard]] connectivity state() const noexcept { return state_; }
  /// Why connecting failed, or the connection was lost.
  [[nodiscard]] status const& last_failure() const noexcept { return failure_; }
  [[nodiscard]] transport::connection* connection() const noexcept { return connection_.get(); }

 private:
  // connection_owner
  transport::stream* stream_opened() override { return nullptr; }  // push is off
  void settings_received(transport::connection& on) override;
  void stream_closed(transport::connection& on) noexcept override;
  void goaway_received(transport::connection& on, std::uint32_t error,
                       std::string_view text) noexcept override;
  void connection_closed(transport::connection& on, errc why, std::string_view text) noexcept override;
  // timer: the peer says nothing (the dial has its own time), or the back-off is over
  void expired() noexcept override;

  void dial();
  void give_up();
  [[nodiscard]] result<std::unique_ptr<byte_stream>> connector_gives();
  void dialled(result<std::unique_ptr<byte_stream>, std::string> made);
  void begin_http2(std::unique_ptr<byte_stream> bytes);
  void failed(status why);
  void become(connectivity state);

  asio::any_io_executor executor_;
  std::shared_ptr<coro::scheduler> scheduler_;
  channel_options const& options_;
  std::vector<address> addresses_;
  channel::connector const* connect_;  // null: dial the addresses
  subchannel_owner& owner_;
  std::string authority_;  // TLS: its host is the server's name
  backoff backoff_;
  std::unique_ptr<net::dial> dial_;
  std::shared_ptr<transport::connection> connection_;
  std::vector<std::shared_ptr<transport::connection>> leaving_;  // went away; their calls finish
  connectivity state_ = connectivity::idle;
  status failure_;
  time_point began_;
};

}  // namespace sluice::calling
