// SPDX-License-Identifier: Apache-2.0
#pragma once

// Interceptors that a test writes in place.

#include <sluice/client/interceptor.hpp>
#include <sluice/server/interceptor.hpp>

#include "world.hpp"

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace endtoend {

/// The closure lives as long as its coroutines.
template <class Interceptor, class Exchange, class Next>
struct written_here final : Interceptor {
  using body = std::function<task<status>(Exchange&, Next)>;
  explicit written_here(body does) : does_{std::move(does)} {}
  task<status> intercept(Exchange& call, Next next) override { return does_(call, next); }

 private:
  body does_;
};
using around_client = written_here<sluice::client_interceptor, sluice::client_exchange, sluice::next_call>;
using around_server = written_here<sluice::server_interceptor, sluice::server_exchange, sluice::next_handler>;
using client_interceptor_ptr = std::shared_ptr<sluice::client_interceptor>;
using server_interceptor_ptr = std::shared_ptr<sluice::server_interceptor>;

[[nodiscard]] inline client_interceptor_ptr with(around_client::body does) {
  return std::make_shared<around_client>(std::move(does));
}
[[nodiscard]] inline server_interceptor_ptr with(around_server::body does) {
  return std::make_shared<around_server>(std::move(does));
}
template <std::same_as<client_interceptor_ptr>... Interceptors>
[[nodiscard]] sluice::channel_options chain(client_interceptor_ptr first, Interceptors... others) {
  return {.interceptors = {std::move(first), std::move(others)...}};
}
template <std::same_as<server_interceptor_ptr>... Interceptors>
[[nodiscard]] sluice::server_options chain(server_interceptor_ptr first, Interceptors... others) {
  return {.interceptors = {std::move(first), std::move(others)...}};
}

[[nodiscard]] inline generator<Note> notes(int count) {
  for (int i = 0; i != count; ++i) co_yield note("n", i);
}

[[nodiscard]] inline std::string text_of(sluice::passing_message const& message) {
  Note seen;
  REQUIRE(seen.ParseFromArray(message.bytes().data(), static_cast<int>(message.bytes().size())));
  return seen.text();
}

}  // namespace endtoend
