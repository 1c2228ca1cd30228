// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/client/channel.hpp>
#include <sluice/coro/event.hpp>
#include <sluice/coro/executor.hpp>
#include <sluice/coro/intrusive_list.hpp>

#include "client/backoff.hpp"
#include "client/balancer.hpp"
#include "client/intercepted_call.hpp"
#include "client/outgoing_call.hpp"
#include "client/request_heads.hpp"
#include "client/resolver.hpp"
#include "client/subchannel.hpp"
#include "rpc/compressor_set.hpp"

#include <memory>
#include <string>

namespace sluice::calling {

/// What a channel is behind its handle: resolver, balancer and subchannels, and the calls that wait for a connection.
///
///   call -> submit -> picker -> use: opened on the subchannel's connection, or queued while that is full
///                            -> wait: queued       -> fail: ended, or queued if it waits for ready
/// A new picker, and room on a connection, try the queue again, in order.
///
/// Lifetime: shared by the channel and its calls. Concurrency: the executor.
class channel_state final : public std::enable_shared_from_this<channel_state>,
                            private balancer_host,
                            private subchannel_owner,
                            private coro::timer,
                            private coro::root {
 public:
  channel_state(asio::any_io_executor executor, target to, channel_options options);
  channel_state(asio::any_io_executor executor, channel::connector connect, channel_options options);
  ~channel_state();

  [[nodiscard]] connectivity state() const noexcept { return state_; }
  void connect();
  /// Set when the state changes; waiters look, reset and wait again.
  [[nodiscard]] event& changed() noexcept { return changed_; }
  /// Takes no new calls. `ended` is set once the last one has ended; then it may be closed.
  void drain();
  void close();
  [[nodiscard]] event& ended() noexcept { return ended_; }

  // for the calls
  void submit(outgoing_call& call);
  void call_began(outgoing_call& call) noexcept;
  void call_ended(outgoing_call& call, sluice::method which, status const& how, time_point began) noexcept;
  void call_began(intercepted_call& call) noexcept { intercepted_.push_back(call); }
  void call_ended(intercepted_call& call) noexcept;
  [[nodiscard]] bool takes_calls() const noexcept { return !closed_ && !draining_; }
  /// Something stands between each call and its attempts.
  [[nodiscard]] bool intercepts() const noexcept { return intercepts_; }
  [[nodiscard]] coro::scheduler& scheduler() const noexcept { return *scheduler_; }
  [[nodiscard]] channel_options const& options() const noexcept { return options_; }
  [[nodiscard]] std::string const& authority() const noexcept { return authority_; }
  /// No connection can be secure. Through a connector each connection tells: see transport::connection::identity.
  [[nodiscard]] bool is_plaintext() const noexcept;
  [[nodiscard]] std::string const& user_agent() const noexcept { return user_agent_; }
  [[nodiscard]] std::string const& no_peer() const noexcept { return no_peer_; }
  [[nodiscard]] metadata const& no_metadata() const noexcept { return no_metadata_; }
  [[nodiscard]] std::string const& target_text() const noexcept { return target_text_; }
  [[nodiscard]] asio::any_io_executor const& executor() const noexcept { return executor_; }
  [[nodiscard]] coding::compressor_set& compressors() noexcept { return compressors_; }
  [[nodiscard]] request_heads& heads() noexcept { return heads_; }

 private:
  channel_state(asio::any_io_executor executor, channel_options options);
  // balancer_host
  std::shared_ptr<subchannel> make_subchannel(std::vector<address> addresses) override;
  void publish(connectivity state, std::shared_ptr<picker> by) override;
  // subchannel_owner
  void subchannel_changed(subchannel& which) override;
  void subchannel_has_room(subchannel& which) noexcept override;
  void too_many_pings() noexcept override;
  // timer: idle
  void expired() noexcept override;
  // root: the executor's context goes, and the sockets must go before it
  void abandon() noexcept override { close(); }

  // Resolving failed: after the back-off the channel is idle again, and resolves with the next call.
  struct resolve_retry final : coro::timer {
    explicit resolve_retry(channel_state& self) noexcept : self_{self} {}
    void expired() noexcept override { self_.publish(connectivity::idle, nullptr); }
    channel_state& self_;
  };

  /// no_room: the pick has a connection, and that takes no further stream now.
  enum class placing : std::uint8_t { done, waits, no_room };
  placing place(outgoing_call& call);
  [[nodiscard]] bool turned_away(outgoing_call const& call);
  placing place_or_end(outgoing_call& call) noexcept;
  void use(std::vector<address> found);
  void serve_queue() noexcept;
  void await_idleness();
  void become(connectivity state);
  void leave_idle();
  void end_all() noexcept;

  asio::any_io_executor executor_;
  std::shared_ptr<coro::scheduler> scheduler_;
  channel_options options_;
  coding::compressor_set compressors_;
  std::string target_text_;
  std::string authority_;
  bool intercepts_;
  std::string user_agent_;
  std::string const no_peer_;  // what a call names that has no connection
  metadata const no_metadata_;  // of a call that received none
  channel::connector connect_;
  std::unique_ptr<resolver> resolver_;
  std::unique_ptr<balancer> balancer_;
  std::vector<std::shared_ptr<subchannel>> subchannels_;
  std::shared_ptr<picker> picker_;
  coro::intrusive_list<outgoing_call, waiting_calls> queue_;
  coro::intrusive_list<outgoing_call, channel_calls> calls_;
  coro::intrusive_list<intercepted_call> intercepted_;
  request_heads heads_;
  backoff resolve_backoff_;
  resolve_retry resolve_retry_{*this};
  event changed_;
  event ended_;
  connectivity state_ = connectivity::idle;
  bool draining_ = false;
  bool closed_ = false;
};

}  // namespace sluice::calling
