// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "world.hpp"

#include <numeric>
#include <string>

namespace endtoend {

/// A message whose every byte tells where it stands, and which of the messages it is.
[[nodiscard]] inline Note large_note(std::size_t size, int number = 0) {
  std::string text(size, '\0');
  std::iota(text.begin(), text.end(), static_cast<char>(number));
  for (char& each : text) each = static_cast<char>('a' + (static_cast<unsigned char>(each) % 26));
  return note(std::move(text), number);
}

/// Twenty messages of a megabyte there and back at once, and one of three whose call ends with it.
inline task<void> megabytes_each_way(sluice::channel& on) {
  constexpr int count = 20;
  constexpr std::size_t size = 1'000'000;
  auto const large = []() -> generator<Note> {
    for (int i = 0; i != count; ++i) co_yield large_note(size, i);
  };
  auto chat = TalkStub{on}.Chat(large());
  int heard = 0;
  while (auto* const back = co_await chat.next()) {
    CHECK(back->text() == large_note(size, heard).text());
    ++heard;
  }
  CHECK(heard == count);
  Note const whole = large_note(3 * size);
  Note const back = co_await TalkStub{on}.Say(whole);
  CHECK(back.text() == whole.text());
}

}  // namespace endtoend
