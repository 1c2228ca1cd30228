// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/coro/context.hpp>
#include <sluice/coro/sleep.hpp>
#include <sluice/server/server_call.hpp>

#include "dialogue/text_service.hpp"

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

namespace sluice::fuzz {

using test::text;

inline std::size_t argument(std::string const& command) {
  return command.size() > 1 ? static_cast<unsigned char>(command[1]) : 0;
}

/// The handlers of the fuzz targets do what the first letter of a request says, so that the input drives them too. Any
/// other text is just answered.
inline task<void> obey(std::string command) {
  auto const much = argument(command);
  auto& call = co_await this_call;
  switch (command.empty() ? '\0' : command.front()) {
    case 's': co_await sleep_for(std::chrono::milliseconds{much * much}); break;
    case 'w': co_await sleep_for(std::chrono::hours{24}); break;
    case 'y': co_await yield_turn{}; break;
    case 'f': throw status_error{static_cast<code>(much % 17), command};
    case 'd': throw status_error{status{static_cast<code>(much % 17), "with details"}.with_details(command)};
    case 'x': throw std::runtime_error{"a handler's own"};
    case 'i': call.add_initial_metadata(command.substr(1, 9), command); break;
    case 'j': call.add_initial_metadata("some-bin", command); break;
    case 'h': call.send_initial_metadata(); break;
    case 't': call.add_trailing_metadata("more-bin", command); break;
    case 'l': call.add_trailing_metadata("long", std::string(much * 300, 'l')); break;
    default: break;
  }
}

inline text answer_to(text request) {
  if (request.value.starts_with('b')) request.value.resize(1 + argument(request.value) * 64, 'b');
  return request;
}

inline task<text> obey_once(text request) {
  co_await obey(request.value);
  co_return answer_to(std::move(request));
}
inline generator<text> obey_and_repeat(text request) {
  std::size_t const times = argument(request.value) % 16;
  for (std::size_t i = 0; i != times; ++i) {
    co_await obey(request.value);
    co_yield answer_to(request);
  }
}
inline task<text> obey_all(generator<text> requests) {
  text last;
  while (auto* const request = co_await requests.next()) {
    last = *request;
    if (last.value.starts_with('q')) break;  // answers early
    co_await obey(last.value);
  }
  co_return answer_to(std::move(last));
}
inline generator<text> obey_each(generator<text> requests) {
  while (auto* const request = co_await requests.next()) {
    text said = *request;
    if (said.value.starts_with('q')) break;
    co_await obey(said.value);
    co_yield answer_to(std::move(said));
  }
}

inline void make_obedient(test::text_service& handlers) {
  handlers.unary = [](text request) { return obey_once(std::move(request)); };
  handlers.server_streaming = [](text request) { return obey_and_repeat(std::move(request)); };
  handlers.client_streaming = [](generator<text> requests) { return obey_all(std::move(requests)); };
  handlers.bidi = [](generator<text> requests) { return obey_each(std::move(requests)); };
}

}  // namespace sluice::fuzz
