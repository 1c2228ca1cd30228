// SPDX-License-Identifier: Apache-2.0
#include <sluice/coro/outcome.hpp>

namespace sluice::coro {

void failure::take_over(failure& other, ended_with kind) noexcept {
  if (kind == ended_with::status) std::construct_at(&why, std::move(other.why));
  else std::construct_at(&thrown, std::move(other.thrown));
}

void failure::hold_current() noexcept { std::construct_at(&thrown, std::current_exception()); }

void failure::destroy(ended_with kind) noexcept {
  if (kind == ended_with::status) std::destroy_at(&why);
  else std::destroy_at(&thrown);
}

status failure::as_status(ended_with kind) {
  if (kind == ended_with::status) return std::move(why);
  if (auto const* const known = status_of(thrown)) return *known;
  std::rethrow_exception(std::move(thrown));
}

std::exception_ptr failure::as_exception(ended_with kind) const noexcept {
  return kind == ended_with::status ? std::make_exception_ptr(status_error{why}) : thrown;
}

}  // namespace sluice::coro
