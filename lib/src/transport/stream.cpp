// SPDX-License-Identifier: Apache-2.0
#include "transport/stream.hpp"

#include "transport/connection.hpp"

#include <cassert>
#include <utility>

namespace sluice::transport {

void stream::send_headers(outgoing_headers headers, bool end) {
  if (connection_ == nullptr || headers_sent_) return;
  headers_ = std::move(headers);
  connection_->respond(*this, end);
  headers_sent_ = true;
}

void stream::commit(std::size_t count) {
  assert(connection_ == nullptr || connection_->sending_ == nullptr);  // what was lent would be overwritten
  outbox_.commit(count);
  outgoing_changed();
}

void stream::finish() {
  if (std::exchange(ending_, true)) return;
  outgoing_changed();
}

void stream::finish(outgoing_headers trailers) {
  if (std::exchange(ending_, true)) return;
  if (connection_ == nullptr) return;
  trailers_ = std::move(trailers);
  if (headers_sent_ &&
      outbox_.empty()) {  // no DATA is left: trailers need neither an empty frame nor a window
    drained_ = false;
    connection_->trail(*this);
    return;
  }
  has_trailers_ = true;
  outgoing_changed();
}

void stream::reset(std::uint32_t error) {
  if (connection_ != nullptr) connection_->reset(*this, error);
}

void stream::consume(std::size_t bytes) {
  if (connection_ != nullptr && bytes != 0) connection_->consume(*this, bytes);
}

void stream::widen_window(std::size_t bytes) {
  if (connection_ != nullptr) connection_->widen_window(*this, bytes);
}

void stream::outgoing_changed() {
  if (connection_ == nullptr) return;
  if (std::exchange(drained_, false)) connection_->resume(*this);
  connection_->flush_at_turn_end();
}

}  // namespace sluice::transport
