// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/rpc/call_stream.hpp>
#include <sluice/rpc/codec.hpp>

#include <cstring>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

/// Text travels as it is; what begins with '!' does not parse.
template <>
struct codec<std::string> {
  [[nodiscard]] static std::size_t size(std::string const& message) { return message.size(); }
  static void write(std::string const& message, std::span<std::byte> to) {
    if (!message.empty()) std::memcpy(to.data(), message.data(), message.size());
  }
  [[nodiscard]] static bool parse(std::string& message, bytes_view from) {
    message = as_text(from);
    return !message.starts_with('!');
  }
};

}  // namespace sluice

namespace sluice::test {

/// A call whose other end is the test: what it says is read, and what is written is kept.
class fake_stream final : public call_stream {
 public:
  explicit fake_stream(coro::scheduler& where) noexcept : scheduler_{where} {}

  // The test's end.
  void say(std::string message) {
    incoming_.push_back(std::move(message));
    wake(reader_);
  }
  void end() {
    ended_ = true;
    wake(reader_);
  }
  /// So many further messages fit.
  void more_room(int count) {
    room_ += count;
    wake(writer_);
  }
  void refuse(status why) {
    refusal_ = std::move(why);
    wake(writer_);
  }
  [[nodiscard]] bool has_reader() const noexcept { return reader_ != nullptr; }
  [[nodiscard]] bool has_writer() const noexcept { return writer_ != nullptr; }
  std::vector<std::string> written;

  // The machinery's end.
  read_result read(bytes_view& message) override {
    if (incoming_.empty()) return ended_ ? read_result::end : read_result::pending;
    current_ = std::move(incoming_.front());
    incoming_.pop_front();
    message = as_bytes(current_);
    return read_result::message;
  }
  void when_readable(coro::ready_node& node) noexcept override {
    reader_ = &node;
    if (!incoming_.empty() || ended_) wake(reader_);
  }
  std::span<std::byte> begin_message(std::size_t size) override {
    if (!refusal_.ok()) return {};
    outgoing_.assign(size + 1, '\0');  // never without data()
    return {reinterpret_cast<std::byte*>(outgoing_.data()), size};
  }
  bool end_message() override {
    outgoing_.pop_back();
    written.push_back(outgoing_);
    return --room_ > 0;
  }
  void when_writable(coro::ready_node& node) noexcept override {
    writer_ = &node;
    if (room_ > 0 || !refusal_.ok()) wake(writer_);
  }
  bool writable() const noexcept override { return room_ > 0; }
  status write_error() const override { return refusal_; }

 private:
  void wake(coro::ready_node*& node) noexcept {
    if (auto* const waiting = std::exchange(node, nullptr)) scheduler_.ready(*waiting);
  }
  coro::scheduler& scheduler_;
  std::deque<std::string> incoming_;
  std::string current_;
  std::string outgoing_;
  status refusal_;
  int room_ = 100;
  bool ended_ = false;
  coro::ready_node* reader_ = nullptr;
  coro::ready_node* writer_ = nullptr;
};

}  // namespace sluice::test
