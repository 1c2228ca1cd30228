// SPDX-License-Identifier: Apache-2.0
#include "http2/field_cache.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace sluice::http2 {
namespace {

// Others are rare, and a peer must not make us keep them.
constexpr std::size_t largest_kept = 256;
constexpr std::size_t most_kept_room = 128;  // elements

std::string_view text_of(nghttp2_rcbuf* buffer) noexcept {
  auto const view = nghttp2_rcbuf_get_buf(buffer);
  return {reinterpret_cast<char const*>(view.base), view.len};
}

}  // namespace

field_cache::~field_cache() {
  release_held();
  if (sets_ == nullptr) return;
  for (auto const& set : *sets_)
    for (auto const& each : set)
      if (each.name != nullptr) {
        nghttp2_rcbuf_decref(each.name);
        nghttp2_rcbuf_decref(each.value);
      }
}

known_field const& field_cache::add(nghttp2_rcbuf* name, nghttp2_rcbuf* value, bool in_table) {
  known_field found{.field = {.name = text_of(name), .value = text_of(value)}, .rule = {}};
  expert_.look_at(found);
  if (held_.capacity() - held_.size() < 2) held_.reserve(std::max<std::size_t>(16, 2 * held_.capacity()));
  bool const malformed = (found.rule.forbidden_after & seen::anything) != 0;
  if (!in_table || malformed || found.field.name.size() + found.field.value.size() > largest_kept) {
    hold(name);
    hold(value);
    return one_off_ = found;
  }
  if (sets_ == nullptr) sets_ = std::make_unique<sets>();
  nghttp2_rcbuf_incref(name);
  nghttp2_rcbuf_incref(value);
  auto& places = (*sets_)[set_of(name, value)];
  auto* place = std::ranges::find(places, nullptr, &entry::name);
  if (place == places.end()) place = &places[next_++ % places.size()];
  auto const before = std::exchange(*place, entry{name, value, found});
  if (before.name != nullptr) {  // this list may have it
    held_.push_back(before.name);
    held_.push_back(before.value);
  }
  return place->what;
}

void field_cache::hold(nghttp2_rcbuf* buffer) {
  nghttp2_rcbuf_incref(buffer);
  held_.push_back(buffer);
}

void field_cache::release_held() noexcept {
  for (auto* const each : held_) nghttp2_rcbuf_decref(each);
  held_.clear();
  if (held_.capacity() > most_kept_room) std::vector<nghttp2_rcbuf*>{}.swap(held_);
}

}  // namespace sluice::http2
