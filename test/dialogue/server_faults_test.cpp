// SPDX-License-Identifier: Apache-2.0
// Each conversation is played with its n-th read or write failing, for every n until it goes through.
#include "dialogue/server_dialogue.hpp"
#include "support/catch.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

struct conversation {
  char const* name;
  void (*play)(scripted_peer&);
};

std::vector<conversation> conversations() {
  return {
      {"unary",
       [](scripted_peer& peer) {
         peer.send(unary_request(1)).send(data(1).message("hello")).settle().send(data(1).end());
         peer.expect(response(1)).expect(data(1).message("hello")).expect(trailers(1));
       }},
      {"server streaming",
       [](scripted_peer& peer) {
         peer.send(server_request(1)).send(data(1).message("n").end());
         peer.expect(response(1))
             .expect(data(1).message("n1").message("n2").message("n3"))
             .expect(trailers(1));
       }},
      {"client streaming",
       [](scripted_peer& peer) {
         peer.send(client_request(1))
             .settle()
             .send(data(1).message("a"))
             .settle()
             .send(data(1).message("b"))
             .settle();
         peer.send(data(1).end()).expect(response(1)).expect(data(1).message("ab")).expect(trailers(1));
       }},
      {"bidirectional",
       [](scripted_peer& peer) {
         peer.send(bidi_request(1))
             .send(data(1).message("a"))
             .expect(response(1))
             .expect(data(1).message("a"));
         peer.send(data(1).message("b")).expect(data(1).message("b")).send(data(1).end()).expect(trailers(1));
       }},
      {"many at once",
       [](scripted_peer& peer) {
         for (std::uint32_t id = 1; id != 21; id += 2)
           peer.send(bidi_request(id)).send(data(id).message("a"));
         for (std::uint32_t id = 1; id != 21; id += 2) peer.expect(response(id));
         for (std::uint32_t id = 1; id != 21; id += 2) peer.expect(data(id).message("a"));
       }},
  };
}

enum class fault { read, write, end };

// True: the conversation went through, and the fault was never reached.
bool goes_through(conversation const& talk, fault kind, std::size_t nth) {
  server_dialogue d;
  pipe_options options;
  if (kind == fault::read) options.second.fail_read = nth;
  if (kind == fault::write) options.second.fail_write = nth;
  if (kind == fault::end) options.second.end_after = nth;
  auto peer = d.connect(std::move(options));
  bool whole = false;
  try {
    peer.begin_as_client().expect(settings()).settle();
    talk.play(peer);
    peer.settle();
    whole = true;
  } catch (dialogue_error const&) {  // the rest of it was not heard
  }
  d.settle();
  if (d.record->fault_fired) {
    CHECK(d.served.connections() == 0);
    CHECK(d.served.active_calls() == 0);
    CHECK(d.observer.started.size() == d.observer.ended.size());
    CHECK(d.observer.closed.size() == 1);
  }
  return whole && !d.record->fault_fired;
}

}  // namespace

TEST_CASE("whichever read, write or byte is the last, every call of the server ends") {
  for (auto const& talk : conversations()) {
    for (auto const kind : {fault::read, fault::write, fault::end}) {
      std::size_t nth = 1;
      constexpr std::size_t many = 5000;
      for (; nth != many; ++nth) {
        CAPTURE(talk.name, static_cast<int>(kind), nth);
        if (goes_through(talk, kind, nth)) break;
      }
      CHECK(nth > 2);
      CHECK(nth != many);
    }
  }
}
