// SPDX-License-Identifier: Apache-2.0
#include "talk.hpp"

namespace faults {

using sluice::generator;
using sluice::task;

void talk::arrive() {
  ++arrived_;
  if (on_arrival) on_arrival();
}

task<void> talk::up_to_message() {
  sluice::server_call& call = co_await sluice::this_call;
  arrive();
  co_await headers.wait();
  call.send_initial_metadata();
  co_await message.wait();
}

task<Text> talk::Unary(Text text) {
  if (text.hold()) co_await up_to_message();
  co_return text;
}

generator<Text> talk::Download(Text text) {
  if (text.hold()) co_await up_to_message();
  co_yield text;
  if (text.hold()) co_await end.wait();
}

task<Text> talk::Upload(generator<Text> texts) {
  Text last;
  while (auto* const each = co_await texts.next()) {
    bool const first = each->hold() && !last.hold();
    last.Swap(each);
    if (first) co_await up_to_message();
  }
  co_return last;
}

generator<Text> talk::Chat(generator<Text> texts) {
  bool held = false;
  while (auto* const each = co_await texts.next()) {
    bool const first = each->hold() && !held;
    Text answer;
    answer.Swap(each);
    if (first) {
      held = true;
      co_await up_to_message();
    }
    co_yield answer;
  }
  if (held) co_await end.wait();
}

}  // namespace faults
