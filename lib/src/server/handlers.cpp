// SPDX-License-Identifier: Apache-2.0
#include <sluice/server/handlers.hpp>

#include <exception>
#include <string>

namespace sluice {
namespace serving {

running::~running() = default;

void running::end(status outcome) noexcept {
  server_stream& call = call_;
  delete this;
  call.finish(std::move(outcome));
}
void running::end_like(coro::ended_with kind, coro::failure const& why) noexcept {
  switch (kind) {
    case coro::ended_with::status: return end(why.why);
    case coro::ended_with::exception: return end(call_.describe(why.thrown));
    case coro::ended_with::nothing:
    case coro::ended_with::value: return end({});
  }
}
void running::end_by_exception() noexcept { end(call_.describe(std::current_exception())); }
void running::end_without(char const* what) noexcept { end(status{code::internal, what}); }
void running::end_written(bool room) noexcept { end(room ? status{} : call_.write_error()); }

}  // namespace serving

std::span<method_handler const> table_of(method_handler const* rows, std::size_t count) noexcept {
  return {rows, count};
}

void throw_unimplemented(method which) {
  throw status_error{code::unimplemented, "method " + std::string{which.path} + " is not implemented"};
}

}  // namespace sluice
