// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <memory>

namespace faults {

/// A DNS server on loopback that knows every name as 127.0.0.1, or fails.
class name_server {
 public:
  enum class answer : std::uint8_t { address, failure, silence };

  explicit name_server(boost::asio::any_io_executor const& executor);
  name_server(name_server const&) = delete;
  name_server& operator=(name_server const&) = delete;
  ~name_server();

  [[nodiscard]] std::uint16_t port() const noexcept;
  void answer_with(answer how) noexcept;

 private:
  struct state;
  static void receive(std::shared_ptr<state> all);
  std::shared_ptr<state> state_;
};

}  // namespace faults
