// SPDX-License-Identifier: Apache-2.0
#include <sluice/core/status.hpp>

#include <atomic>
#include <cstddef>
#include <cstring>
#include <new>
#include <typeinfo>

namespace sluice {
namespace {

// As grpc-status will say it: a number that a user cast to code may be any.
int number_of(code value) noexcept {
  return static_cast<int>(value > code::unauthenticated ? code::unknown : value);
}

}  // namespace

struct status::text {
  std::string message;
  std::string details;
  std::atomic<std::size_t> users = 1;
};

void status::shared_text::add_user(text& of) noexcept { of.users.fetch_add(1, std::memory_order_relaxed); }
void status::shared_text::remove_user(text& of) noexcept {
  if (of.users.fetch_sub(1, std::memory_order_acq_rel) == 1) delete &of;
}

status::status(sluice::code value, std::string_view message, origin who) noexcept
    : code_{value}, origin_{who} {
  if (value == sluice::code::ok || message.empty()) return;
  try {
    text_ = shared_text{new text{std::string{message}, {}}};
  } catch (std::bad_alloc const&) {  // then without words: whoever fails a call must not fail at that
  }
}

std::string_view status::message() const noexcept {
  return text_.get() != nullptr ? std::string_view{text_.get()->message} : "";
}
std::string_view status::details() const noexcept {
  return text_.get() != nullptr ? std::string_view{text_.get()->details} : "";
}

bool operator==(status const& a, status const& b) noexcept {
  return a.code() == b.code() && a.message() == b.message() && a.details() == b.details();
}

status status::with_detail(std::string_view type_url, std::string_view value) const {
  return with_details(add_detail(number_of(code_), message(), details(), {type_url, value}));
}

status status::with_details(std::string bytes) const {
  status copy = *this;
  copy.text_ = shared_text{new text{std::string{message()}, std::move(bytes)}};
  return copy;
}

std::string status::to_string() const {
  std::string text{sluice::to_string(code_)};
  if (!message().empty()) text.append(": ").append(message());
  return text;
}

status_error::status_error(sluice::status why) : status_{std::move(why)}, what_{status_.to_string()} {}
status_error::status_error(sluice::code value, std::string_view message)
    : status_error{sluice::status{value, message}} {}
status_error::status_error(status_error const& other) = default;
status_error& status_error::operator=(status_error const& other) = default;
status_error::~status_error() = default;
char const* status_error::what() const noexcept { return what_.c_str(); }

void throw_misuse(std::string_view what) { throw status_error{code::failed_precondition, what}; }

#ifdef __GLIBCXX__
// As the standard library's own std::exception_ptr_cast (C++26) does it: the pointer is to the exception object.
status const* status_of(std::exception_ptr const& thrown) noexcept {
  if (!thrown) return nullptr;
  static_assert(sizeof thrown == sizeof(void*));
  void* object = nullptr;
  std::memcpy(static_cast<void*>(&object), static_cast<void const*>(&thrown), sizeof object);
  bool const is_ours = typeid(status_error).__do_catch(thrown.__cxa_exception_type(), &object, 1);
  return is_ours ? &static_cast<status_error*>(object)->status() : nullptr;
}
#else
status const* status_of(std::exception_ptr const& thrown) noexcept {
  if (!thrown) return nullptr;
  try {
    std::rethrow_exception(thrown);
  } catch (status_error const& error) { return &error.status(); } catch (...) {
  }
  return nullptr;
}
#endif

}  // namespace sluice
