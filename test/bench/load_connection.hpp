// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "frames.hpp"
#include "histogram.hpp"
#include "load_socket.hpp"
#include "program.hpp"
#include "reply_check.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace bench {

// How many calls the connections of the load may still begin, and how many are not answered yet.
struct load_budget {
  std::uint64_t to_start = 0;
  std::uint64_t to_finish = 0;
  // Of calls on a schedule: their begin, and where the time of each goes.
  struct {
    std::chrono::steady_clock::time_point begin;
    histogram* fast = nullptr;
    histogram* slow = nullptr;
  } on_schedule;
};

// One connection of the load generator, which knows of HTTP/2 only what it needs: it replays an encoded
// request with new stream ids, reads the headers of frames, and keeps `streams` calls outstanding while the
// budget lasts. Any surprise ends the program: a benchmark that goes on after an error measures nothing.
class load_connection {
 public:
  load_connection(program_options const& options, load_budget& budget, load_tls const& tls, unsigned number);
  load_connection(load_connection const&) = delete;
  load_connection& operator=(load_connection const&) = delete;

  int socket() const { return socket_.descriptor(); }
  // The server's SETTINGS have arrived: calls may begin.
  bool ready() const { return ready_; }
  bool wants_to_write() const { return sent_ < output_.size() && !socket_.must_read_first(); }
  bool can_begin() const;
  bool has_made_its_call() const { return begun_ > 0 && outstanding_ == 0; }
  // Begins as many calls as streams, budget and the server's window allow.
  void fill();
  // A call beyond the budget; the first one fills the server's HPACK table. `intended` counts on a schedule:
  // ns from its begin.
  void begin_call(std::int64_t intended = 0);
  // Opens `count` streams that stay open, one message each way on each, which counts as a call. After a call.
  void hold(unsigned count);
  void on_readable();
  // One send for all that is ready.
  void flush();
  std::uint64_t received() const { return received_; }  // bytes
  // After the last reply: what came back in DATA must be an echo for each call.
  void check_total() const;

 private:
  void take(frame const& arrived);
  void take_settings(frame const& arrived);
  void take_headers(frame const& arrived);
  void take_data(frame const& arrived);
  void call_ended(std::uint32_t stream);
  void record_time(std::uint64_t call);
  bool is_slow(std::uint64_t call) const { return options_.slow && call % 100 == 99; }
  bool begin();  // false: a held stream has no window
  void begin_stream();
  bool send_on_held();
  bool is_held(std::uint32_t stream) const;
  bool ends_after_message(std::uint32_t stream) const;
  void message_returned(std::uint32_t stream, std::size_t size);
  void window_opens(std::uint32_t stream, std::uint32_t by);
  void append_request(std::vector<std::uint8_t> const& encoded);
  void append_frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                    std::span<std::uint8_t const> payload);
  void append_window_update(std::uint32_t by);
  void encode_request(std::uint32_t table_size);

  load_socket socket_;
  load_budget& budget_;
  program_options const& options_;
  std::vector<std::uint8_t> message_;  // with its five bytes
  std::vector<std::uint8_t> first_headers_;  // fills the server's HPACK table
  std::vector<std::uint8_t> later_request_;  // HEADERS, all indexed, and DATA
  std::vector<std::uint8_t> stream_request_;  // the same of Both, which goes on after its DATA
  bool ready_ = false;
  std::uint32_t outstanding_ = 0;
  std::uint32_t next_stream_ = 1;
  std::int64_t send_window_ = 65535;
  std::uint32_t stream_window_ = 65535;
  std::uint32_t first_held_ = 0;
  std::size_t next_held_ = 0;
  std::size_t held_received_ = 0;  // of a message that is not whole
  std::vector<std::int64_t> held_windows_;  // for each held stream
  std::uint64_t begun_ = 0;
  std::uint64_t received_ = 0;
  std::vector<std::int64_t> intended_;  // on a schedule: of each call, in the order of their streams
  std::uint64_t data_received_ = 0;
  std::uint64_t data_since_update_ = 0;
  std::vector<std::uint8_t> first_reply_;
  reply_check check_;
  std::unique_ptr<std::uint8_t[]> input_;  // memory that was never read into costs nothing
  std::size_t input_filled_ = 0;
  std::vector<std::uint8_t> output_;
  std::size_t sent_ = 0;
};

}  // namespace bench
