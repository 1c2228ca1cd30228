// SPDX-License-Identifier: Apache-2.0
#include "http2/abuse_budget.hpp"

#include "http2/frame_types.hpp"

namespace sluice::http2 {

std::string_view to_string(offence what) noexcept {
  switch (what) {
    case offence::none: return "none";
    case offence::empty_data: return "empty DATA";
    case offence::priority: return "PRIORITY";
    case offence::unknown_frame: return "a frame of unknown type";
    case offence::settings: return "SETTINGS";
    case offence::window_update: return "WINDOW_UPDATE";
    case offence::headers: return "HEADERS";
    case offence::reset: return "RST_STREAM";
    case offence::ping: return "PING";
    case offence::ping_answer: return "the answer to no PING";
    case offence::goaway: return "GOAWAY";
    case offence::stream_error: return "a stream error";
    case offence::refused_stream: return "a refused stream";
  }
  return "none";
}

offence abuse_budget::judge(frame_head const& received) noexcept {
  constexpr std::uint64_t free_settings = 10;
  constexpr std::uint64_t free_goaways = 10;
  bool const flagged = (received.flags & frames::end_stream) != 0;  // or ACK
  switch (received.type) {
    case frames::data: return received.length == 0 && !flagged ? offence::empty_data : offence::none;
    case frames::headers: return ++header_lists_ > 2 * streams_ ? offence::headers : offence::none;
    case frames::priority: return offence::priority;
    case frames::rst_stream: return ++resets_ > streams_ ? offence::reset : offence::none;
    case frames::settings: return !flagged && ++settings_ > free_settings ? offence::settings : offence::none;
    case frames::ping: return flagged && ++ping_answers_ > pings_sent_ ? offence::ping_answer : offence::none;
    case frames::window_update:
      return ++window_updates_ > 5 + 2 * (streams_ + 10 * data_sent_) ? offence::window_update
                                                                      : offence::none;
    case frames::goaway: return ++goaways_ > free_goaways ? offence::goaway : offence::none;
    case frames::push_promise:
    case frames::continuation: return offence::none;  // refused, and limited in the session
    default: return offence::unknown_frame;
  }
}

}  // namespace sluice::http2
