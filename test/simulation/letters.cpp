// SPDX-License-Identifier: Apache-2.0
#include "letters.hpp"

namespace simulated {
namespace {

std::uint64_t mixed(std::uint64_t value) noexcept {
  value = (value ^ value >> 30U) * 0xbf58476d1ce4e5b9U;
  value = (value ^ value >> 27U) * 0x94d049bb133111ebU;
  return value ^ value >> 31U;
}

std::string body_of(std::uint64_t start, std::size_t size) {
  std::string body(size, '\0');
  std::uint64_t word = 0;
  for (std::size_t i = 0; i != size; ++i) {
    if (i % 8 == 0) word = mixed(start + i);
    body[i] = static_cast<char>(word >> (i % 8 * 8));
  }
  return body;
}

std::uint64_t sum_of(Letter const& letter) noexcept {
  std::uint64_t sum = mixed(letter.call()) ^ letter.index();
  for (char const each : letter.body()) sum = (sum ^ static_cast<unsigned char>(each)) * 0x100000001b3U;
  return sum;
}

std::uint64_t start_of(std::uint64_t call, std::uint32_t index, bool answer) noexcept {
  return mixed(call * 2 + (answer ? 1 : 0)) + (std::uint64_t{index} << 32U);
}

}  // namespace

Letter make_letter(std::uint64_t call, std::uint32_t index, std::size_t size, bool answer) {
  Letter made;
  made.set_call(call);
  made.set_index(index);
  made.set_body(body_of(start_of(call, index, answer), size));
  made.set_checksum(sum_of(made));
  return made;
}

std::string check_letter(Letter const& letter, std::uint64_t call, std::uint32_t index, bool answer) {
  if (letter.call() != call) return "a letter of call " + std::to_string(letter.call());
  if (letter.index() != index)
    return "letter " + std::to_string(letter.index()) + " instead of " + std::to_string(index);
  if (letter.checksum() != sum_of(letter)) return "letter " + std::to_string(index) + " has a wrong checksum";
  if (letter.body() != body_of(start_of(call, index, answer), letter.body().size()))
    return "letter " + std::to_string(index) + " has another content";
  return {};
}

}  // namespace simulated
