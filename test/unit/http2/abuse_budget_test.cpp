// SPDX-License-Identifier: Apache-2.0
#include "http2/abuse_budget.hpp"

#include "http2/frame_types.hpp"

#include "support/catch.hpp"

using namespace sluice;
using namespace sluice::http2;

namespace {

// How many of these frames are none, of a thousand.
int without_offence(abuse_budget& budget, frame_head const& each) {
  int count = 0;
  for (int i = 0; i != 1000; ++i) count += budget.judge(each) == offence::none ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("what each frame is, when nothing makes it worth while") {
  struct row {
    char const* what;
    frame_head frame;
    int free;
    offence then;
  };
  for (auto const& [what, frame, free, then] : {
           row{"DATA", {.length = 1, .type = frames::data, .stream = 1}, 1000, offence::none},
           row{"empty DATA", {.type = frames::data, .stream = 1}, 0, offence::empty_data},
           row{"the end", {.type = frames::data, .flags = frames::end_stream}, 1000, offence::none},
           row{"PRIORITY", {.length = 5, .type = frames::priority, .stream = 1}, 0, offence::priority},
           row{"SETTINGS", {.type = frames::settings}, 10, offence::settings},
           row{"an acknowledgement", {.type = frames::settings, .flags = frames::ack}, 1000, offence::none},
           row{"WINDOW_UPDATE", {.length = 4, .type = frames::window_update}, 5, offence::window_update},
           row{"HEADERS", {.type = frames::headers, .stream = 1}, 0, offence::headers},
           row{"RST_STREAM", {.length = 4, .type = frames::rst_stream, .stream = 1}, 0, offence::reset},
           row{"PING", {.length = 8, .type = frames::ping}, 1000, offence::none},
           row{"an answer",
               {.length = 8, .type = frames::ping, .flags = frames::ack},
               0,
               offence::ping_answer},
           row{"GOAWAY", {.length = 8, .type = frames::goaway}, 10, offence::goaway},
           row{"PRIORITY_UPDATE", {.length = 4, .type = 16}, 0, offence::unknown_frame},
           row{"unknown", {.type = 255}, 0, offence::unknown_frame},
       }) {
    CAPTURE(what);
    abuse_budget budget{1000, 33};
    CHECK(without_offence(budget, frame) == free);
    CHECK(budget.judge(frame) == then);
  }
}

TEST_CASE("WINDOW_UPDATE is worth while twice for each stream, and twenty times for each DATA frame sent") {
  abuse_budget budget{1000, 33};
  for (int i = 0; i != 3; ++i) budget.stream_opened();
  for (int i = 0; i != 7; ++i) budget.data_sent();
  CHECK(without_offence(budget, {.length = 4, .type = frames::window_update}) == 5 + 2 * (3 + 10 * 7));
}

TEST_CASE("two header lists and one reset are worth while for each stream, and an answer for each ping") {
  abuse_budget budget{1000, 33};
  for (int i = 0; i != 3; ++i) budget.stream_opened();
  for (int i = 0; i != 4; ++i) budget.ping_sent();
  CHECK(without_offence(budget, {.type = frames::headers, .stream = 1}) == 6);
  CHECK(without_offence(budget, {.length = 4, .type = frames::rst_stream, .stream = 1}) == 3);
  CHECK(without_offence(budget, {.length = 8, .type = frames::ping, .flags = frames::ack}) == 4);
}
