// SPDX-License-Identifier: Apache-2.0
#include <sluice/core/status.hpp>
#include <sluice/rpc/compressor.hpp>

#include "rpc/compressor_set.hpp"
#include "wire/encoding.hpp"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

// It becomes an element of a list in a header, and a header's value.
bool can_travel(std::string_view name) noexcept {
  constexpr std::size_t longest = 32;
  auto const allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  };
  return !wire::is_identity(name) && name.size() <= longest && std::ranges::all_of(name, allowed);
}

template <class Entries>
auto find_in(Entries& entries, std::string_view name) noexcept {
  return std::ranges::find(entries, name, &compressors::entry::name);
}

}  // namespace

compressors::compressors()
    : entries_{{std::string{wire::encoding_gzip}, [] { return gzip_compressor(); }},
               {std::string{wire::encoding_deflate}, [] { return deflate_compressor(); }},
               {std::string{wire::encoding_zstd}, [] { return zstd_compressor(); }}} {}

compressors& compressors::add(factory make) & {
  auto const made = make ? make() : nullptr;
  if (!made) throw status_error{code::invalid_argument, "a compressor's factory made none"};
  if (!can_travel(made->name()))
    throw status_error{code::invalid_argument,
                       "\"" + std::string{made->name()} + "\" cannot be a compressor's name"};
  if (auto const same = find_in(entries_, made->name()); same != entries_.end()) {
    same->make = std::move(make);
    return *this;
  }
  if (entries_.size() == coding::most_compressors)
    throw status_error{code::invalid_argument, "there is room for 32 compressors"};
  entries_.push_back({std::string{made->name()}, std::move(make)});
  return *this;
}

compressors& compressors::remove(std::string_view name) & {
  std::erase_if(entries_, [name](entry const& each) { return each.name == name; });
  return *this;
}

bool compressors::contains(std::string_view name) const noexcept {
  return find_in(entries_, name) != entries_.end();
}

}  // namespace sluice
