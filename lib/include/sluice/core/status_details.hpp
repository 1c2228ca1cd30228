// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>

namespace sluice {

/// One detail of a status: a google.protobuf.Any. Views the status' bytes.
struct status_detail {
  std::string_view type_url;  ///< "type.googleapis.com/google.rpc.RetryInfo"
  std::string_view value;     ///< the message of that type, serialized

  /// What stands behind the last '/': "google.rpc.RetryInfo".
  [[nodiscard]] std::string_view type_name() const noexcept {
    return type_url.substr(type_url.find_last_of('/') + 1);  // npos + 1 is 0
  }
};

/// The details in a serialized google.rpc.Status, in their order. Ends where the bytes stop making sense: they may be a
/// peer's. Lifetime: that of the bytes.
class status_details {
 public:
  explicit status_details(std::string_view bytes) noexcept : bytes_{bytes} {}

  class iterator {
   public:
    using value_type = status_detail;
    using difference_type = std::ptrdiff_t;

    iterator() = default;
    explicit iterator(std::string_view bytes) noexcept : rest_{bytes} { advance(); }
    [[nodiscard]] status_detail const& operator*() const noexcept { return current_; }
    [[nodiscard]] status_detail const* operator->() const noexcept { return &current_; }
    iterator& operator++() noexcept {
      advance();
      return *this;
    }
    void operator++(int) noexcept { advance(); }
    friend bool operator==(iterator const& it, std::default_sentinel_t) noexcept { return it.at_end_; }

   private:
    void advance() noexcept;
    std::string_view rest_;
    status_detail current_;
    bool at_end_ = false;
  };
  [[nodiscard]] iterator begin() const noexcept { return iterator{bytes_}; }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }
  [[nodiscard]] bool empty() const noexcept { return begin() == end(); }

 private:
  std::string_view bytes_;
};

/// A serialized google.rpc.Status of this code and message, with the details and unknown fields of `earlier` (nothing of
/// it when it is none) and one more.
[[nodiscard]] std::string add_detail(int code, std::string_view message, std::string_view earlier,
                                     status_detail const& added);

}  // namespace sluice
