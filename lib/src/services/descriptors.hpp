// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace sluice::reflection {

/// The .proto files that are linked into the program, and those of the library's own services.
///
/// Concurrency: thread-safe.
class descriptors {
 public:
  using file = google::protobuf::FileDescriptor;

  descriptors();

  // Null when there is none.
  [[nodiscard]] file const* named(std::string const& name) const;
  /// The file that declares a service, method, message, field, enum, enum value, oneof or extension, by its full name.
  [[nodiscard]] file const* declaring(std::string const& symbol) const;
  [[nodiscard]] file const* extending(std::string const& type, std::int32_t number) const;

  /// The numbers of the known extensions of a message, sorted. Nothing when there is no such message.
  [[nodiscard]] std::optional<std::vector<std::int32_t>> extension_numbers(std::string const& type) const;

 private:
  template <class Look>
  [[nodiscard]] auto first_found(Look look) const;

  google::protobuf::DescriptorPool own_;
};

using sent_files = std::unordered_set<descriptors::file const*>;

/// The file, and of the files that it imports, directly or not, those that are not in `sent`: serialized, and now in `sent`.
[[nodiscard]] std::vector<std::string> with_imports(descriptors::file const& which, sent_files& sent);

}  // namespace sluice::reflection
