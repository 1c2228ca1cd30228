// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "chat.sluice.hpp"

#include <sluice/coro/queue.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

class Room;

/// One client in the room: from its construction to its destruction, or until it is dropped.
class Member {
 public:
  /// Throws status_error: ALREADY_EXISTS, or INVALID_ARGUMENT without a name.
  Member(Room& room, std::string name);
  Member(Member const&) = delete;
  Member& operator=(Member const&) = delete;
  ~Member();

  void says(std::string text);
  /// Takes the member out of the room: its call ends with `why`, after what is in its inbox.
  void leave(sluice::status why);

  [[nodiscard]] std::string const& name() const { return name_; }
  /// Shared by all inboxes: an event is one message, however many wait for it.
  using event = std::shared_ptr<chat::Event const>;
  /// What it has not been sent yet. Bounded: the budget of a slow reader.
  [[nodiscard]] sluice::queue<event>& inbox() { return inbox_; }
  /// Why it left; ok while it is here, or when it went by itself.
  [[nodiscard]] sluice::status const& outcome() const { return outcome_; }

 private:
  Room& room_;
  std::string name_;
  sluice::queue<event> inbox_;
  sluice::status outcome_;
};

/// Who is here, and the handler that brings them. One thread, so nothing is locked.
class Room final : public chat::RoomService {
 public:
  /// `backlog`: how many events wait for a member that does not read, before it is dropped.
  explicit Room(std::size_t backlog) : backlog_{backlog} {}

 private:
  friend class Member;
  sluice::generator<chat::Event> Join(sluice::generator<chat::Line> lines) override;
  static sluice::task<void> listen(sluice::generator<chat::Line> lines, Member& member);

  void enter(Member& member);
  /// False when it had left before.
  bool remove(Member& member);
  void tell(chat::Event event);

  std::size_t backlog_;
  std::vector<Member*> members_;
};
