// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/core/code.hpp>
#include <sluice/core/status_details.hpp>

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

/// Who said that a call failed: the other end in its trailers, or this process (a deadline, a lost connection, misuse).
enum class origin : std::uint8_t { local, peer };

/// The outcome of a call: a code, a message for people, and optional details for programs.
///
/// A default-constructed status is ok and owns nothing. It is a class with constructors and not an aggregate, so that
/// it may be a temporary in an awaited expression (see docs/style.md, coroutine rules).
///
/// Concurrency: a value; distinct objects may be used by distinct threads.
class status {
 public:
  status() noexcept = default;
  /// A message beside code::ok is dropped, as the wire does not carry one; so is one for which there is no memory.
  explicit status(sluice::code value, std::string_view message = {}, origin who = origin::local) noexcept;

  [[nodiscard]] bool ok() const noexcept { return code_ == sluice::code::ok; }
  [[nodiscard]] sluice::code code() const noexcept { return code_; }
  [[nodiscard]] origin who() const noexcept { return origin_; }
  /// UTF-8; empty when nothing was said.
  [[nodiscard]] std::string_view message() const noexcept;
  /// The raw bytes of grpc-status-details-bin: a serialized google.rpc.Status. Empty when there are none.
  [[nodiscard]] std::string_view details() const noexcept;

  /// A copy that carries one more detail, for programs: a protobuf message, as a google.protobuf.Any in the
  /// google.rpc.Status that the details are. Several may be chained. An ok status has no details on the wire.
  ///   status{code::resource_exhausted, "no more today"}.with_detail(retry_info)
  template <class Message>
  [[nodiscard]] status with_detail(Message const& message) const {
    return with_detail("type.googleapis.com/" + std::string{message.GetTypeName()},
                       message.SerializeAsString());
  }
  /// The same for a message that is serialized already.
  [[nodiscard]] status with_detail(std::string_view type_url, std::string_view value) const;
  /// The first detail of type T that parses.
  template <class T>
  [[nodiscard]] std::optional<T> detail() const {
    T message;
    std::string const name{message.GetTypeName()};
    for (auto const& each : detail_list())
      if (each.type_name() == name &&
          message.ParseFromArray(each.value.data(), static_cast<int>(each.value.size())))
        return message;
    return std::nullopt;
  }
  /// All details: `for (auto const& each : error.detail_list()) log(each.type_name());` Valid as long as this status or a
  /// copy of it. Bytes that are no google.rpc.Status have none.
  [[nodiscard]] status_details detail_list() const noexcept { return status_details{details()}; }

  /// A copy that carries `bytes` as its details, as they are.
  [[nodiscard]] status with_details(std::string bytes) const;
  [[nodiscard]] status with_origin(origin who) const {
    status copy = *this;
    copy.origin_ = who;
    return copy;
  }

  /// "NOT_FOUND: no feature at this point", for logs.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(status const& a, status const& b) noexcept;

 private:
  struct text;
  /// Shared, as statuses travel through several hands. An ok one has none, and only that is decided in place: what a
  /// std::shared_ptr does is compiled at each place that ends a status.
  class shared_text {
   public:
    shared_text() noexcept = default;
    explicit shared_text(text* owned) noexcept : text_{owned} {}
    shared_text(shared_text const& other) noexcept : text_{other.text_} {
      if (text_ != nullptr) add_user(*text_);
    }
    shared_text(shared_text&& other) noexcept : text_{std::exchange(other.text_, nullptr)} {}
    shared_text& operator=(shared_text other) noexcept {
      std::swap(text_, other.text_);
      return *this;
    }
    ~shared_text() {
      if (text_ != nullptr) remove_user(*text_);
    }
    [[nodiscard]] text const* get() const noexcept { return text_; }

   private:
    static void add_user(text& of) noexcept;
    static void remove_user(text& of) noexcept;
    text* text_ = nullptr;
  };

  sluice::code code_ = sluice::code::ok;
  origin origin_ = origin::local;
  shared_text text_;
};

/// Thrown by an awaited call that failed.
class status_error : public std::exception {
 public:
  explicit status_error(sluice::status why);
  status_error(sluice::code value, std::string_view message);
  status_error(status_error const& other);
  status_error& operator=(status_error const& other);
  ~status_error() override;

  [[nodiscard]] sluice::status const& status() const noexcept { return status_; }
  [[nodiscard]] sluice::code code() const noexcept { return status_.code(); }
  /// See status::detail.
  template <class T>
  [[nodiscard]] std::optional<T> detail() const {
    return status_.detail<T>();
  }
  [[nodiscard]] status_details detail_list() const noexcept { return status_.detail_list(); }
  [[nodiscard]] char const* what() const noexcept override;

 private:
  sluice::status status_;
  std::string what_;
};

/// What misuse fails with: throws status_error FAILED_PRECONDITION. In the library, as a throw is much code at each place.
[[noreturn]] void throw_misuse(std::string_view what);

/// The status of the status_error in `thrown`, valid as long as that; null for another exception. Throws nothing to find
/// out, as a rethrow costs as much as a short call.
[[nodiscard]] status const* status_of(std::exception_ptr const& thrown) noexcept;

}  // namespace sluice
