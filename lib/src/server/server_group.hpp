// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/net/tls.hpp>
#include <sluice/server/server_options.hpp>

#include "net/listener.hpp"
#include "server/dispatcher.hpp"
#include "server/shard.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::serving {

/// A server: one shard for each executor, the listeners, and what all of them share. The listeners live with the first
/// shard and hand accepted connections round.
class server_group {
 public:
  /// The caller's own executor: everything is called there.
  server_group(asio::any_io_executor executor, server_options options);
  /// Those of io_threads, a thread for each: called from anywhere.
  server_group(std::vector<asio::any_io_executor> executors, server_options options);
  ~server_group();
  server_group(server_group const&) = delete;
  server_group& operator=(server_group const&) = delete;

  void add(service& what);
  void add_fallback(service& what);
  std::string listen(std::string_view address, std::optional<tls_server> tls = {});
  void serve(std::unique_ptr<byte_stream> connection);
  /// `done` is called once, on the executor of whichever shard ended last, or by the destructor. It does not throw.
  void stop(duration grace, std::function<void()> done);
  [[nodiscard]] std::size_t connections() const noexcept;
  [[nodiscard]] std::size_t calls() const noexcept;

 private:
  struct acceptor;  // shared with what is posted: a connection may close after the group has gone

  /// Runs on the executor of shard `index` and waits for it; in place when that is the caller's.
  template <class Action>
  void on_shard(std::size_t index, Action&& action);

  std::shared_ptr<server_options const> options_;
  std::shared_ptr<dispatcher> methods_;
  std::shared_ptr<acceptor> acceptor_;
  std::vector<std::shared_ptr<shard>> shards_;
  bool on_threads_ = true;
  std::atomic<bool> serving_ = false;  // from now on every thread reads the methods
};

}  // namespace sluice::serving
