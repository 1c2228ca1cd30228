// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/context.hpp>
#include <sluice/coro/event.hpp>
#include <sluice/coro/frame_pool.hpp>
#include <sluice/coro/intrusive_list.hpp>
#include <sluice/coro/task.hpp>
#include <sluice/server/interceptor.hpp>
#include <sluice/server/server_options.hpp>
#include <sluice/server/service.hpp>

#include "rpc/message_hooks.hpp"
#include "server/dispatcher.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::serving {

class interception;

/// A handler with interceptors around it: to the call it is the handler, to the handler it is the call.
///
///   incoming_call <- intercepted_handler: interceptor 0 -> ... -> interceptor n -> handler
///                          messages:  <-> hooks of all of them <->
///
/// The chain is one task under the call's context; the handler runs under a child of it, which stops with whoever awaits
/// it. Messages do not pass through the chain: they are shown to the hooks where they are read and written.
/// It owns itself, and ends the call when the chain has ended, and the handler.
class intercepted_handler final : public call_handler,
                                  public server_stream,
                                  private coro::completion,
                                  public coro::pooled {
 public:
  /// `around` is not empty, and shared by the server's calls.
  static void start(std::span<std::shared_ptr<server_interceptor> const> around, dispatcher::entry target,
                    server_stream& call, server_call& seen);
  ~intercepted_handler() override;

  // server_stream, for the handler
  read_result read(bytes_view& message) override;
  void when_readable(coro::ready_node& node) noexcept override;
  std::span<std::byte> begin_message(std::size_t size) override;
  bool end_message() override;
  void when_writable(coro::ready_node& node) noexcept override;
  bool writable() const noexcept override { return call_.writable() || is_stopped(); }
  status write_error() const override;
  coro::context& context() noexcept override { return *handler_context_; }
  void set_handler(call_handler& handler) noexcept override { handler_ = &handler; }
  void finish(status outcome) noexcept override;
  status describe(std::exception_ptr thrown) noexcept override { return call_.describe(std::move(thrown)); }

 private:
  friend interception;

  // The call queues these, and not the handler's own: an interceptor goes on when the handler has gone.
  template <void (intercepted_handler::*Do)() noexcept>
  struct relay final : coro::ready_node {
    explicit relay(intercepted_handler& self) noexcept : self_{self} {}
    void run() noexcept override { (self_.*Do)(); }
    intercepted_handler& self_;
  };
  // The handler's own context is stopped, by an interceptor or by a hook: a write that waits for room ends.
  struct stop_node final : coro::stop_observer {
    explicit stop_node(intercepted_handler& self) noexcept : self_{self} {}
    void stop_requested(stop_reason) noexcept override { self_.pass_writable(); }
    intercepted_handler& self_;
  };
  /// An interceptor's `next` that runs. It may outlive this, in a scope that nobody joined.
  struct visit : coro::list_hook<struct handler_visits> {
    explicit visit(intercepted_handler& of) noexcept : self{of} { of.entered_.push_back(*this); }
    ~visit() {
      if (!linked()) return;
      unlink();
      self.left();  // may free it
    }
    intercepted_handler& self;
  };

  intercepted_handler(std::span<std::shared_ptr<server_interceptor> const> around, dispatcher::entry target,
                      server_stream& call, server_call& seen);

  // completion: the chain
  void completed() noexcept override;

  [[nodiscard]] task<status> run_from(std::size_t index, visit const* under);
  [[nodiscard]] task<status> run_handler();
  [[nodiscard]] status show_response(passing_message& message, std::size_t inside);
  void respond(raw_message message, std::size_t from);
  void fail(status why) noexcept;
  void pass_readable() noexcept;
  void pass_writable() noexcept;
  [[nodiscard]] bool is_stopped() const noexcept {
    return handler_context_ && handler_context_->stop().stop_requested();
  }
  void left() noexcept;
  void end_if_over() noexcept;

  std::span<std::shared_ptr<server_interceptor> const> around_;
  dispatcher::entry target_;
  server_stream& call_;
  server_call& seen_;
  mutable std::optional<coro::context> handler_context_;
  call_handler* handler_ = nullptr;
  event handler_ended_;
  coro::ready_node* reader_ = nullptr;
  coro::ready_node* writer_ = nullptr;
  relay<&intercepted_handler::pass_readable> readable_{*this};
  relay<&intercepted_handler::pass_writable> writable_{*this};
  stop_node stopped_{*this};
  status handler_outcome_;
  status failure_;  // of a hook
  status outcome_;
  std::string request_;  // as a hook has replaced it
  std::string response_;  // to be shown to the hooks before it is sent
  coro::intrusive_list<visit, handler_visits> entered_;
  bool handler_began_ = false;
  bool through_ = false;  // the message that is being written goes to the call in place
  bool chain_ended_ = false;
  bool destroyed_ = false;

  std::vector<std::unique_ptr<interception>> layers_;
  task<status> chain_;  // the first to go: it uses the rest
};

}  // namespace sluice::serving
