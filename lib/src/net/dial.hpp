// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/result.hpp>
#include <sluice/net/address.hpp>
#include <sluice/net/byte_stream.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/time_source.hpp"
#include "net/unique_fd.hpp"

namespace sluice::net {

struct dial_options {
  /// How long one address may be silent before the next is tried beside it (RFC 8305: 250 ms).
  duration stagger = std::chrono::milliseconds{250};
  duration timeout = std::chrono::seconds{20};  ///< of everything
  duration user_timeout = duration::max();      ///< see set_user_timeout
  std::shared_ptr<time_source> time;            ///< null: the real one
};

/// Connects to the first of some addresses that answers (happy eyeballs): the addresses are tried in their
/// order, the next one when the last one has failed, or has been silent for the stagger; the losers are
/// closed.
///
/// Completes with: the connected stream, on the executor.
/// Fails with: one sentence with, for each address that was tried, its error and how long that took:
///   "connect to ipv4:127.0.0.1:1 failed after 0.3 ms: Connection refused; connect to ..."
/// Cancellation: destroy it; `done` is not called then, and every socket is closed. Otherwise `done` is
/// called exactly once, on the executor and never from inside the constructor; it may destroy the dial.
/// Concurrency: construct and destroy on the executor.
class dial {
 public:
  using on_done = std::function<void(result<std::unique_ptr<byte_stream>, std::string>)>;

  dial(asio::any_io_executor executor, std::vector<address> addresses, dial_options options, on_done done);
  ~dial();
  dial(dial const&) = delete;
  dial& operator=(dial const&) = delete;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace sluice::net
