// SPDX-License-Identifier: Apache-2.0
#include <sluice/core/buffer.hpp>
#include <sluice/testing/pipe.hpp>

#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>

#include <algorithm>
#include <array>
#include <mutex>
#include <new>
#include <set>
#include <vector>

namespace sluice::testing {
namespace {

namespace asio = boost::asio;

// The bytes on their way from one end to the other.
struct direction_state {
  buffer bytes;
  std::uint64_t delivered = 0;  // to the reader, ever
  bool ended = false;           // nothing follows the bytes
  bool reader_gone = false;
};

struct end_state {
  pipe_end_options options;
  std::shared_ptr<pipe_record> record;
  std::error_code broken;  // this end's own fault
  bool peer_broke = false;
  bool closed = false;
  std::array<std::shared_ptr<io_waiter>, 2> waiting;
};

struct pipe_state;

// Knows the pipes of one execution context, to drop their waiters when it is destroyed, as a socket's would
// be: a connection that only its own waits keep alive goes then.
class pipe_service final : public asio::execution_context::service {
 public:
  static asio::execution_context::id id;

  explicit pipe_service(asio::execution_context& context) : service{context} {}
  void add(std::shared_ptr<pipe_state> const& pipe);
  void remove(pipe_state* pipe) noexcept {
    std::lock_guard const lock{mutex_};
    pipes_.erase(pipe);
  }

 private:
  void shutdown() noexcept override;

  std::mutex mutex_;  // pipes of several strands
  std::set<pipe_state*> pipes_;
};

asio::execution_context::id pipe_service::id;

// Both ends and what is between them.
struct pipe_state : std::enable_shared_from_this<pipe_state> {
  pipe_state() = default;
  pipe_state(pipe_state const&) = delete;
  pipe_state& operator=(pipe_state const&) = delete;
  ~pipe_state() {
    if (service != nullptr) service->remove(this);
  }

  pipe_service* service = nullptr;  // null when the context is gone
  asio::any_io_executor executor;
  std::size_t capacity = 0;
  std::array<end_state, 2> ends;
  std::array<direction_state, 2> flows;  // flows[i] is written by end i

  [[nodiscard]] bool read_ended(std::size_t end) const {
    auto const& flow = flows[1 - end];
    return (flow.ended && flow.bytes.empty()) || flow.delivered >= ends[end].options.end_after;
  }

  [[nodiscard]] bool ready(std::size_t end, io_direction direction) const {
    auto const& self = ends[end];
    if (self.broken || self.peer_broke) return true;
    if (direction == io_direction::read) return !flows[1 - end].bytes.empty() || read_ended(end);
    return flows[end].ended || flows[end].reader_gone || flows[end].bytes.size() < capacity;
  }

  // A waiter is taken when its turn comes, so that a close in between drops it.
  void wake(std::size_t end, io_direction direction) {
    if (!ends[end].waiting[static_cast<std::size_t>(direction)] || !ready(end, direction)) return;
    asio::post(executor, [self = shared_from_this(), end, direction] {
      auto& slot = self->ends[end].waiting[static_cast<std::size_t>(direction)];
      if (!slot || !self->ready(end, direction)) return;
      auto const waiter = std::exchange(slot, nullptr);
      waiter->ready(direction);
    });
  }

  void wake_all() {
    for (std::size_t const end : {0U, 1U})
      for (auto const direction : {io_direction::read, io_direction::write}) wake(end, direction);
  }

  void fail(std::size_t end) {
    ends[end].broken = ends[end].options.error;
    ends[end].record->fault_fired = true;
    ends[1 - end].peer_broke = true;
    wake_all();
  }
};

void pipe_service::add(std::shared_ptr<pipe_state> const& pipe) {
  std::lock_guard const lock{mutex_};
  pipes_.insert(pipe.get());
  pipe->service = this;
}

void pipe_service::shutdown() noexcept {
  std::vector<std::shared_ptr<io_waiter>> dropped;  // freed after the loop: a waiter may own pipes
  std::lock_guard const lock{mutex_};
  for (auto* const pipe : pipes_) {
    pipe->service = nullptr;
    for (auto& end : pipe->ends)
      for (auto& waiter : end.waiting) dropped.push_back(std::exchange(waiter, nullptr));
  }
  pipes_.clear();
}

io_result failed(std::error_code error) {
  io_result result;
  result.error = error;
  return result;
}

io_result blocked() {
  io_result result;
  result.would_block = true;
  return result;
}

class pipe_end final : public byte_stream {
 public:
  pipe_end(std::shared_ptr<pipe_state> state, std::size_t end) : state_{std::move(state)}, end_{end} {}
  ~pipe_end() override { close(); }

  io_result read(std::span<std::byte> into) noexcept override {
    auto& flow = state_->flows[1 - end_];
    ++self().record->reads;
    if (self().closed) return failed(std::make_error_code(std::errc::bad_file_descriptor));
    if (self().record->reads == self().options.fail_read) state_->fail(end_);
    if (self().broken) return failed(self().broken);
    if (into.empty()) return {};
    if (state_->read_ended(end_)) return at_end(flow);
    if (flow.bytes.empty()) {
      return self().peer_broke ? failed(std::make_error_code(std::errc::connection_reset)) : blocked();
    }
    io_result result;
    result.bytes = std::min({into.size(), flow.bytes.size(), self().options.max_read});
    auto const left = self().options.end_after - flow.delivered;
    if (left < result.bytes) result.bytes = static_cast<std::size_t>(left);
    std::copy_n(flow.bytes.data(), result.bytes, into.begin());
    flow.bytes.consume(result.bytes);
    flow.delivered += result.bytes;
    self().record->bytes_read += result.bytes;
    state_->wake(1 - end_, io_direction::write);
    return result;
  }

  io_result write(std::span<bytes_view const> pieces) noexcept override {
    auto& flow = state_->flows[end_];
    ++self().record->writes;
    if (self().closed) return failed(std::make_error_code(std::errc::bad_file_descriptor));
    if (self().record->writes == self().options.fail_write) state_->fail(end_);
    if (self().broken) return failed(self().broken);
    if (flow.ended || flow.reader_gone || self().peer_broke)
      return failed(std::make_error_code(std::errc::broken_pipe));
    auto room = std::min(state_->capacity - flow.bytes.size(), self().options.max_write);
    io_result result;
    bool offered = false;
    for (auto const piece : pieces) {
      offered = offered || !piece.empty();
      auto const part = piece.first(std::min(piece.size(), room));
      try {
        flow.bytes.append(part);
      } catch (std::bad_alloc const&) {
        if (result.bytes == 0) return failed(std::make_error_code(std::errc::not_enough_memory));
        break;
      }
      result.bytes += part.size();
      room -= part.size();
    }
    if (offered && result.bytes == 0) return blocked();
    self().record->bytes_written += result.bytes;
    state_->wake(1 - end_, io_direction::read);
    return result;
  }

  void wait(io_direction direction, std::shared_ptr<io_waiter> waiter) override {
    if (self().closed) return;
    self().waiting[static_cast<std::size_t>(direction)] = std::move(waiter);
    state_->wake(end_, direction);
  }

  void shutdown_write() noexcept override {
    state_->flows[end_].ended = true;
    state_->wake(1 - end_, io_direction::read);
  }

  void close() noexcept override {
    if (std::exchange(self().closed, true)) return;
    self().record->closed = true;
    // Freeing a waiter may free what owns this end: last.
    auto const dropped = std::exchange(self().waiting, {});
    state_->flows[1 - end_].reader_gone = true;
    state_->flows[1 - end_].bytes.release();
    shutdown_write();
    state_->wake_all();
  }

  std::string peer() const override { return state_->ends[1 - end_].options.name; }
  std::string local() const override { return state_->ends[end_].options.name; }

 private:
  [[nodiscard]] end_state& self() const noexcept { return state_->ends[end_]; }

  io_result at_end(direction_state const& flow) {
    if (flow.delivered >= self().options.end_after) self().record->fault_fired = true;
    io_result result;
    result.end = true;
    return result;
  }

  std::shared_ptr<pipe_state> state_;
  std::size_t end_;
};

}  // namespace

std::pair<std::unique_ptr<byte_stream>, std::unique_ptr<byte_stream>> make_pipe(
    asio::any_io_executor executor, pipe_options options) {
  auto state = std::make_shared<pipe_state>();
  state->executor = std::move(executor);
  state->capacity = std::max<std::size_t>(options.capacity, 1);
  state->ends[0].options = std::move(options.first);
  state->ends[1].options = std::move(options.second);
  for (auto& end : state->ends)
    end.record = end.options.record ? end.options.record : std::make_shared<pipe_record>();
  asio::use_service<pipe_service>(asio::query(state->executor, asio::execution::context)).add(state);
  return {std::make_unique<pipe_end>(state, 0), std::make_unique<pipe_end>(state, 1)};
}

}  // namespace sluice::testing
