// SPDX-License-Identifier: Apache-2.0
#include "room.hpp"

#include <sluice/sluice.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

using chat::Event;
using chat::Line;
using sluice::code;
using sluice::status;

namespace {

constexpr std::size_t longest_line = 4096;

}  // namespace

// Two coroutines for each member: this one is the stream of what it is sent, `listen` takes what it says.
sluice::generator<Event> Room::Join(sluice::generator<Line> lines) {
  auto const* const first = co_await lines.next();
  if (first == nullptr) co_return;
  Member member{*this, first->join()};

  // The room is open for ever, so a server that goes down has to send people home.
  sluice::server_call& call = co_await sluice::this_call;
  sluice::stop_callback const closing{
      call.drain(), [&](sluice::stop_reason) { member.leave(status{code::unavailable, "the room closes"}); }};

  sluice::scope ears;
  ears.spawn(listen(std::move(lines), member));
  for (;;) {
    auto const event = co_await sluice::as_result(member.inbox().pop());
    if (!event || !*event) break;  // the call was stopped, or the member has left
    co_yield ***event;             // waits as long as the client does not read
  }
  ears.request_stop();
  static_cast<void>(co_await sluice::as_result(ears.join()));  // it uses `member`
  co_yield member.outcome();
}

sluice::task<void> Room::listen(sluice::generator<Line> lines, Member& member) {
  while (Line* const line = co_await lines.next()) {
    if (member.inbox().closed()) co_return;  // it has been dropped, and does not know it yet
    if (line->say().size() > longest_line) {
      member.leave(status{code::invalid_argument, "a line is longer than 4096 bytes"});
      co_return;
    }
    member.says(std::move(*line->mutable_say()));
    // One line a turn of the event loop: everybody is sent it before the next one, so that a quick speaker fills the
    // inboxes of those who do not read, and of nobody else.
    co_await boost::asio::post(boost::asio::deferred);
  }
  member.leave(status{});
}

void Room::enter(Member& member) {
  for (Member const* other : members_)
    if (other->name() == member.name())
      throw sluice::status_error{code::already_exists, "somebody called " + member.name() + " is here"};
  members_.push_back(&member);
  Event event;
  event.set_who(member.name());
  event.set_joined(true);
  tell(std::move(event));
}

bool Room::remove(Member& member) {
  if (std::erase(members_, &member) == 0) return false;
  Event event;
  event.set_who(member.name());
  event.set_left(true);
  tell(std::move(event));
  return true;
}

void Room::tell(Event event) {
  auto const shared = std::make_shared<Event const>(std::move(event));
  std::vector<Member*> full;
  for (Member* member : members_)
    if (!member->inbox().try_push(shared)) full.push_back(member);
  // Afterwards, as leaving changes the list, and is told in its turn.
  for (Member* member : full) member->leave(status{code::resource_exhausted, "you read too slowly"});
}

Member::Member(Room& room, std::string name) : room_{room}, name_{std::move(name)}, inbox_{room.backlog_} {
  if (name_.empty()) throw sluice::status_error{code::invalid_argument, "the first line says who joins"};
  room_.enter(*this);
}

Member::~Member() { leave(status{}); }

void Member::says(std::string text) {
  Event event;
  event.set_who(name_);
  event.set_said(std::move(text));
  room_.tell(std::move(event));
}

void Member::leave(status why) {
  if (!room_.remove(*this)) return;
  outcome_ = std::move(why);
  inbox_.close();
}
