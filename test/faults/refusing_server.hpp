// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/net/tls.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace faults {

/// A server by hand: once a connection has opened so many streams, it says GOAWAY with last stream 0.
class refusing_server {
 public:
  /// `tls`: null for none.
  refusing_server(boost::asio::any_io_executor const& executor, sluice::tls_server const* tls,
                  std::size_t streams);
  refusing_server(refusing_server const&) = delete;
  refusing_server& operator=(refusing_server const&) = delete;
  ~refusing_server();

  [[nodiscard]] std::uint16_t port() const noexcept;

 private:
  struct state;
  static void accept(std::shared_ptr<state> all);
  std::shared_ptr<state> state_;
};

}  // namespace faults
