// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/executor.hpp>
#include <sluice/coro/intrusive_list.hpp>
#include <sluice/coro/stop.hpp>
#include <sluice/net/byte_stream.hpp>
#include <sluice/net/tls.hpp>
#include <sluice/server/server_options.hpp>

#include "rpc/compressor_set.hpp"
#include "server/common_answers.hpp"
#include "server/dispatcher.hpp"
#include "server/server_connection.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace sluice::serving {

/// The part of a server that lives on one executor: its connections and their calls.
///
/// Concurrency: its executor; the counts may be read anywhere.
class shard final : public std::enable_shared_from_this<shard>, private coro::timer, private coro::root {
 public:
  shard(asio::any_io_executor executor, std::shared_ptr<server_options const> options,
        std::shared_ptr<dispatcher const> methods, std::function<void()> connection_closed);
  ~shard();

  void serve(std::unique_ptr<byte_stream> bytes, std::optional<tls_server> const& tls = {});
  /// Graceful end; `until_over` is let go when nothing is left. Several may wait, and the shortest grace holds.
  void stop(duration grace, std::shared_ptr<void> until_over);
  /// What is left goes now: the server is destroyed, or its executor's context is.
  void abandon() noexcept override;

  [[nodiscard]] asio::any_io_executor const& executor() const noexcept { return executor_; }
  [[nodiscard]] coro::scheduler& scheduler() const noexcept { return *scheduler_; }
  [[nodiscard]] server_options const& options() const noexcept { return *options_; }
  [[nodiscard]] dispatcher const& dispatch() const noexcept { return *methods_; }
  [[nodiscard]] coding::compressor_set& compressors() noexcept { return compressors_; }
  [[nodiscard]] common_answers const& answers() const noexcept { return answers_; }
  [[nodiscard]] stop_token drain_token() noexcept { return draining_.token(); }
  [[nodiscard]] std::size_t connections() const noexcept { return connection_count_; }
  [[nodiscard]] std::size_t calls() const noexcept { return call_count_; }

  // for the connections
  void connection_gone(server_connection& gone) noexcept;
  void call_began(incoming_call& call) noexcept;
  void call_gone(incoming_call& call) noexcept;

 private:
  struct over_node final : coro::ready_node {
    explicit over_node(shard& self) noexcept : self_{self} {}
    void run() noexcept override { self_.report_if_over(); }
    shard& self_;
  };
  void expired() noexcept override;
  void check_if_over() noexcept;
  void report_if_over() noexcept;
  template <class Action>
  void for_each_connection(Action action);
  void stop_handlers() noexcept;

  asio::any_io_executor executor_;
  std::shared_ptr<coro::scheduler> scheduler_;
  std::shared_ptr<server_options const> options_;
  std::shared_ptr<dispatcher const> methods_;
  coding::compressor_set compressors_;
  common_answers const answers_;
  std::function<void()> on_connection_closed_;
  stop_source draining_;
  std::vector<std::shared_ptr<server_connection>> connections_;
  coro::intrusive_list<incoming_call> calls_;  // also of connections that are closed
  std::vector<std::shared_ptr<void>> waiting_for_end_;
  time_point grace_ends_ = time_point::max();
  over_node over_{*this};
  std::atomic<std::size_t> connection_count_ = 0;
  std::atomic<std::size_t> call_count_ = 0;
  bool stopping_ = false;
};

}  // namespace sluice::serving
