// SPDX-License-Identifier: Apache-2.0
#include <sluice/core/status.hpp>

#include <new>

namespace sluice {
namespace {

// As grpc-status will say it: a number that a user cast to code may be any.
int number_of(code value) noexcept {
  return static_cast<int>(value > code::unauthenticated ? code::unknown : value);
}

}  // namespace

status::status(sluice::code value, std::string_view message, origin who) noexcept
    : code_{value}, origin_{who} {
  if (value == sluice::code::ok || message.empty()) return;
  try {
    text_ = std::make_shared<text const>(text{std::string{message}, {}});
  } catch (std::bad_alloc const&) {  // then without words: whoever fails a call must not fail at that
  }
}

status status::with_detail(std::string_view type_url, std::string_view value) const {
  return with_details(add_detail(number_of(code_), message(), details(), {type_url, value}));
}

std::string status::to_string() const {
  std::string text{sluice::to_string(code_)};
  if (!message().empty()) text.append(": ").append(message());
  return text;
}

}  // namespace sluice
