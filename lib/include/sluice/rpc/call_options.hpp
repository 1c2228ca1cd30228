// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/deadline.hpp>
#include <sluice/core/metadata.hpp>
#include <sluice/rpc/compression_mode.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace sluice {

class call_credentials;

/// What one call asks for, beside its request. Everything has a default; set by chaining:
///
///   guide.GetFeature(point, sluice::call_options{}.timeout(200ms).metadata({{"x-request-id", id}}));
///
/// A class with constructors, not an aggregate, so that it may be a temporary in an awaited expression.
class call_options {
 public:
  // In the library, like the setters of strings: no place that makes a call has code of its own for them.
  call_options() noexcept;
  call_options(call_options const& other);
  call_options(call_options&& other) noexcept;
  call_options& operator=(call_options const& other);
  call_options& operator=(call_options&& other) noexcept;
  ~call_options();

  /// From the moment the call is awaited. The stricter of this, `deadline` and the ambient call's deadline counts; it
  /// travels as grpc-timeout. Default: none. A timeout that is not positive fails the call at once.
  call_options& timeout(duration value) & noexcept {
    timeout_ = value;
    return *this;
  }
  call_options&& timeout(duration value) && noexcept { return std::move(timeout(value)); }

  /// A point in time, instead of or beside `timeout`.
  call_options& deadline(sluice::deadline value) & noexcept {
    deadline_ = value;
    return *this;
  }
  call_options&& deadline(sluice::deadline value) && noexcept { return std::move(deadline(value)); }

  /// Request metadata. Keys that are reserved or cannot travel fail the call with INVALID_ARGUMENT before it is sent.
  call_options& metadata(sluice::metadata value) & noexcept;
  call_options&& metadata(sluice::metadata value) && noexcept;

  /// True: wait for a connection until the deadline, instead of failing with UNAVAILABLE when connecting fails.
  /// Default: the channel's.
  call_options& wait_for_ready(bool value = true) & noexcept {
    wait_for_ready_ = value;
    return *this;
  }
  call_options&& wait_for_ready(bool value = true) && noexcept { return std::move(wait_for_ready(value)); }

  /// Bytes of one message; above it the call fails with RESOURCE_EXHAUSTED. Defaults: the channel's.
  call_options& max_receive_size(std::size_t bytes) & noexcept {
    max_receive_size_ = bytes;
    return *this;
  }
  call_options&& max_receive_size(std::size_t bytes) && noexcept {
    return std::move(max_receive_size(bytes));
  }
  call_options& max_send_size(std::size_t bytes) & noexcept {
    max_send_size_ = bytes;
    return *this;
  }
  call_options&& max_send_size(std::size_t bytes) && noexcept { return std::move(max_send_size(bytes)); }

  /// How the requests are compressed: "gzip", or another of the channel's compressors; "identity": not at all. A name that
  /// the channel does not know fails the call with INVALID_ARGUMENT. Default: channel_options::compression.
  call_options& compression(
      std::string name, sluice::compression_mode mode = sluice::compression_mode::when_smaller) & noexcept;
  call_options&& compression(
      std::string name, sluice::compression_mode mode = sluice::compression_mode::when_smaller) && noexcept;
  call_options& no_compression() & noexcept;
  call_options&& no_compression() && noexcept;

  /// The call inherits nothing from the handler that makes it: no deadline, no stop, no trace context.
  call_options& detached(bool value = true) & noexcept {
    detached_ = value;
    return *this;
  }
  call_options&& detached(bool value = true) && noexcept { return std::move(detached(value)); }

  /// The codec of the messages, where it is not protobuf: "json" sends content-type application/grpc+json. The server has
  /// to take it (service::sluice_accepts_subtype), and answers in the same. Of [0-9a-z_.-]; anything else fails the call
  /// with INVALID_ARGUMENT. Default: none, which means protobuf.
  call_options& content_subtype(std::string value) & noexcept;
  call_options&& content_subtype(std::string value) && noexcept;

  /// What proves who calls, beside the channel's own credentials; see client/credentials.hpp.
  call_options& credentials(std::shared_ptr<call_credentials> value) & noexcept;
  call_options&& credentials(std::shared_ptr<call_credentials> value) && noexcept;

  [[nodiscard]] std::optional<duration> timeout() const noexcept { return timeout_; }
  [[nodiscard]] sluice::deadline deadline() const noexcept { return deadline_; }
  [[nodiscard]] sluice::metadata const& metadata() const noexcept { return metadata_; }
  [[nodiscard]] std::optional<bool> waits_for_ready() const noexcept { return wait_for_ready_; }
  [[nodiscard]] std::optional<std::size_t> max_receive_size() const noexcept { return max_receive_size_; }
  [[nodiscard]] std::optional<std::size_t> max_send_size() const noexcept { return max_send_size_; }
  [[nodiscard]] std::string const& content_subtype() const noexcept { return content_subtype_; }
  [[nodiscard]] std::optional<std::string> const& compression() const noexcept { return compression_; }
  [[nodiscard]] sluice::compression_mode compression_mode() const noexcept { return compression_mode_; }
  [[nodiscard]] std::shared_ptr<call_credentials> const& credentials() const noexcept { return credentials_; }
  [[nodiscard]] bool is_detached() const noexcept { return detached_; }

 private:
  std::optional<duration> timeout_;
  sluice::deadline deadline_;
  sluice::metadata metadata_;
  std::optional<std::size_t> max_receive_size_;
  std::optional<std::size_t> max_send_size_;
  std::optional<std::string> compression_;
  std::optional<bool> wait_for_ready_;
  std::string content_subtype_;
  sluice::compression_mode compression_mode_ = sluice::compression_mode::when_smaller;
  std::shared_ptr<call_credentials> credentials_;
  bool detached_ = false;
};

}  // namespace sluice
