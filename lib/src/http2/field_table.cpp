// SPDX-License-Identifier: Apache-2.0
#include "http2/field_table.hpp"

#include <sluice/core/block_pool.hpp>

#include <algorithm>
#include <utility>

namespace sluice::http2 {
namespace {

constexpr std::size_t most_kept_room = 128;  // elements

// RFC 7541, appendix A.
constexpr std::array<std::pair<std::string_view, std::string_view>, 61> static_fields{
    {{":authority", ""},
     {":method", "GET"},
     {":method", "POST"},
     {":path", "/"},
     {":path", "/index.html"},
     {":scheme", "http"},
     {":scheme", "https"},
     {":status", "200"},
     {":status", "204"},
     {":status", "206"},
     {":status", "304"},
     {":status", "400"},
     {":status", "404"},
     {":status", "500"},
     {"accept-charset", ""},
     {"accept-encoding", "gzip, deflate"},
     {"accept-language", ""},
     {"accept-ranges", ""},
     {"accept", ""},
     {"access-control-allow-origin", ""},
     {"age", ""},
     {"allow", ""},
     {"authorization", ""},
     {"cache-control", ""},
     {"content-disposition", ""},
     {"content-encoding", ""},
     {"content-language", ""},
     {"content-length", ""},
     {"content-location", ""},
     {"content-range", ""},
     {"content-type", ""},
     {"cookie", ""},
     {"date", ""},
     {"etag", ""},
     {"expect", ""},
     {"expires", ""},
     {"from", ""},
     {"host", ""},
     {"if-match", ""},
     {"if-modified-since", ""},
     {"if-none-match", ""},
     {"if-range", ""},
     {"if-unmodified-since", ""},
     {"last-modified", ""},
     {"link", ""},
     {"location", ""},
     {"max-forwards", ""},
     {"proxy-authenticate", ""},
     {"proxy-authorization", ""},
     {"range", ""},
     {"referer", ""},
     {"refresh", ""},
     {"retry-after", ""},
     {"server", ""},
     {"set-cookie", ""},
     {"strict-transport-security", ""},
     {"transfer-encoding", ""},
     {"user-agent", ""},
     {"vary", ""},
     {"via", ""},
     {"www-authenticate", ""}}};

// A block of the pool that holds the name and, behind it, the value.
char* write_text(std::string_view name, std::string_view value) {
  auto* const text = static_cast<char*>(allocate_block(name.size() + value.size() + 1));
  std::copy(name.begin(), name.end(), text);
  std::copy(value.begin(), value.end(), text + name.size());
  return text;
}
void free_text(std::string_view all) noexcept {
  deallocate_block(const_cast<char*>(all.data()), all.size() + 1);
}
std::string_view text_of(known_field const& each) noexcept {
  return {each.field.name.data(), each.field.name.size() + each.field.value.size()};
}

}  // namespace

field_table::~field_table() {
  release_kept();
  for (std::size_t age = 0; age != count_; ++age) free_text(text_of(*dynamic_at(age)));
}

known_field const* field_table::learn_static(std::size_t index) {
  if (index == 0 || index > static_size) return nullptr;
  auto const& [name, value] = static_fields[index - 1];
  static_known_.push_back(judged(name, value));
  static_places_[index - 1] = static_cast<std::uint8_t>(static_known_.size() - 1);
  return &static_known_.back();
}

known_field field_table::keep(std::string_view name, std::string_view value) {
  make_room_to_keep();
  char const* const text = write_text(name, value);
  kept_.emplace_back(text, name.size() + value.size());
  return judged({text, name.size()}, {text + name.size(), value.size()});
}

known_field field_table::add(std::string_view name, std::string_view value) {
  std::size_t const size = name.size() + value.size() + overhead;
  if (size > limit_) {  // it empties the table, and that is no error (RFC 7541, 4.4)
    auto const found = keep(name, value);
    evict_to(0);
    return found;
  }
  evict_to(limit_ - size);
  make_room();
  char const* const text = write_text(name, value);  // the name may be that of a field which went just now
  auto const found = judged({text, name.size()}, {text + name.size(), value.size()});
  ring_[next_++ & (ring_.size() - 1)] = found;
  ++count_;
  bytes_ += size;
  return found;
}

bool field_table::resize(std::size_t bytes) {
  if (bytes > most_bytes) return false;
  limit_ = bytes;
  evict_to(bytes);
  return true;
}

// The list that is received may have what goes.
void field_table::evict_to(std::size_t bytes) {
  while (bytes_ > bytes) {
    auto const& oldest = *dynamic_at(count_ - 1);
    make_room_to_keep();
    kept_.push_back(text_of(oldest));
    bytes_ -= size_of(oldest);
    --count_;
  }
}

void field_table::make_room() {
  if (count_ != ring_.size()) return;
  constexpr std::size_t at_first = 16;
  std::vector<known_field> larger(std::max(at_first, 2 * ring_.size()));
  for (std::size_t i = 0; i != count_; ++i) larger[i] = *dynamic_at(count_ - 1 - i);
  next_ = count_;
  ring_ = std::move(larger);
}

void field_table::make_room_to_keep() {
  constexpr std::size_t at_first = 16;
  if (kept_.size() == kept_.capacity()) kept_.reserve(std::max(at_first, 2 * kept_.size()));
}

void field_table::release_kept() noexcept {
  for (auto const each : kept_) free_text(each);
  kept_.clear();
  if (kept_.capacity() > most_kept_room) std::vector<std::string_view>{}.swap(kept_);
}

}  // namespace sluice::http2
