// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/log.hpp>
#include <sluice/server/observer.hpp>
#include <sluice/server/server_options.hpp>

#include "rpc/compressor_set.hpp"
#include "server/common_answers.hpp"
#include "server/dispatcher.hpp"
#include "server/incoming_call.hpp"
#include "transport/connection.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace sluice::serving {

class shard;

/// One client's connection, and its running calls.
///
/// Lifetime: shared by its shard while it is open and by each running call, so that a handler that outlives its
/// connection still finds what it asks for.
class server_connection final : public std::enable_shared_from_this<server_connection>,
                                private transport::connection_owner {
 public:
  server_connection(std::shared_ptr<shard> of, std::unique_ptr<byte_stream> bytes);
  ~server_connection();
  void start();

  /// GOAWAY: what runs goes on.
  void drain();
  /// Closes now. The handlers are stopped, and end in their own time.
  void close(stop_reason why);

  // for the calls
  [[nodiscard]] coro::scheduler& scheduler() const noexcept { return connection_->scheduler(); }
  [[nodiscard]] server_options const& options() const noexcept;
  [[nodiscard]] dispatcher const& dispatch() const noexcept;
  /// As dispatcher::find. A client often calls a method several times in a row.
  [[nodiscard]] dispatcher::entry find(std::string_view path) noexcept;
  /// The text as calls keep it, which is the same in all calls of most clients.
  [[nodiscard]] std::shared_ptr<std::string const> share_authority(std::string_view text);
  [[nodiscard]] std::string const& peer() const noexcept { return connection_->peer(); }
  [[nodiscard]] peer_identity const* identity() const noexcept { return connection_->identity().get(); }
  [[nodiscard]] stop_token drain_token() noexcept;
  [[nodiscard]] coding::compressor_set& compressors() noexcept;
  /// Reads a grpc-accept-encoding, which is the same in all calls of most clients.
  [[nodiscard]] coding::accepted_mask accepted_encodings(std::string_view list);
  [[nodiscard]] common_answers const& answers() const noexcept;
  void log(log_level level, std::string_view text) const noexcept;
  void call_began(incoming_call& call) noexcept;
  void call_gone(incoming_call& call) noexcept;
  /// False: nobody observes, and the end need not be told.
  [[nodiscard]] bool observe_start(std::string_view method) noexcept;
  void observe_end(std::string_view method, status const& outcome, time_point began) noexcept;

 private:
  // connection_owner
  transport::stream* stream_opened() override;
  void settings_received(transport::connection&) noexcept override {}
  void stream_closed(transport::connection&) noexcept override {}
  void goaway_received(transport::connection&, std::uint32_t, std::string_view) noexcept override {}
  void connection_closed(transport::connection&, errc why, std::string_view text) noexcept override;

  std::shared_ptr<shard> shard_;
  std::shared_ptr<transport::connection> connection_;
  dispatcher::entry found_;  // last
  std::shared_ptr<std::string const> authority_;  // last
  std::string accept_list_;  // the one that was read last
  coding::accepted_mask accepted_ = 0;
  std::size_t running_ = 0;
};

}  // namespace sluice::serving
