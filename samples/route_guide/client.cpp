// SPDX-License-Identifier: Apache-2.0
// Shows the four kinds of call on routeguide.RouteGuide.
#include "program.hpp"
#include "route_guide.sluice.hpp"

#include <sluice/sluice.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;

using routeguide::Feature;
using routeguide::Point;
using routeguide::Rectangle;
using routeguide::RouteGuideStub;
using routeguide::RouteNote;

Point point(std::int32_t latitude, std::int32_t longitude) {
  Point p;
  p.set_latitude(latitude);
  p.set_longitude(longitude);
  return p;
}

std::string text(Point const& p) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(3) << p.latitude() / 1e7 << ", " << p.longitude() / 1e7;
  return std::move(out).str();
}

// ---- one request, one response ----------------------------------------------------------------------------
sluice::task<void> get_feature(RouteGuideStub guide, Point where) {
  Feature const feature = co_await guide.GetFeature(where, sluice::call_options{}.timeout(5s));
  std::cout << "  at " << text(where) << ": " << feature.name() << '\n';

  // A call that fails throws status_error; wrapped in as_result it gives the status as a value.
  Point const ocean = point(0, 0);
  auto const nothing =
      co_await sluice::as_result(guide.GetFeature(ocean, sluice::call_options{}.timeout(5s)));
  std::cout << "  at " << text(ocean) << ": " << (nothing ? nothing->name() : nothing.status().to_string())
            << '\n';
}

// ---- one request, a stream of responses -------------------------------------------------------------------
sluice::task<std::vector<Feature>> list_features(RouteGuideStub guide, Rectangle area) {
  std::vector<Feature> found;
  auto features = guide.ListFeatures(area, sluice::call_options{}.timeout(5s));
  while (auto const* const feature = co_await features.next()) {  // null: that was the last
    std::cout << (found.empty() ? "  " : ", ") << feature->name();
    found.push_back(*feature);
  }
  std::cout << "\n  " << found.size() << " places between " << text(area.lo()) << " and " << text(area.hi())
            << '\n';
  co_return found;
}

// ---- a stream of requests, one response: the generator is the stream --------------------------------------
sluice::generator<Point> walk(std::vector<Feature> places) {
  for (auto const& place : places) {
    co_yield place.location();
    co_await sluice::sleep_for(50ms);
    co_yield point(place.location().latitude() + 5000, place.location().longitude());  // on the road
    co_await sluice::sleep_for(50ms);
  }
}

sluice::task<void> record_route(RouteGuideStub guide, std::vector<Feature> places) {
  auto const summary = co_await guide.RecordRoute(walk(places), sluice::call_options{}.timeout(30s));
  std::cout << "  " << summary.point_count() << " points, " << summary.feature_count()
            << " of them at a place, " << summary.distance() / 1000 << " km in " << summary.elapsed_time()
            << " s\n";
}

// ---- streams both ways: the generator writes while we read ------------------------------------------------
sluice::generator<RouteNote> notes(Feature here, Feature there) {
  struct step {
    Feature const* where;
    char const* message;
  };
  for (auto const& [where, message] : {step{&here, "mind the tide"}, step{&there, "good soup"},
                                       step{&here, "the tide is out"}, step{&there, "the soup is out too"}}) {
    RouteNote note;
    *note.mutable_location() = where->location();
    note.set_message(message);
    std::cout << "  we write at " << where->name() << ": " << message << '\n';
    co_yield note;
    co_await sluice::sleep_for(100ms);
  }
}

sluice::task<void> route_chat(RouteGuideStub guide, Feature here, Feature there) {
  auto replies = guide.RouteChat(notes(here, there), sluice::call_options{}.timeout(30s));
  while (auto const* const reply = co_await replies.next())
    std::cout << "    and read from before: " << reply->message() << '\n';
}

sluice::task<void> tour(RouteGuideStub guide) {
  Point const harbour = point(453'547'635, -361'536'141);
  Rectangle area;
  *area.mutable_lo() = point(harbour.latitude() - 600'000, harbour.longitude() - 800'000);
  *area.mutable_hi() = point(harbour.latitude() + 600'000, harbour.longitude() + 800'000);

  std::cout << "GetFeature: one request, one response\n";
  co_await get_feature(guide, harbour);
  std::cout << "ListFeatures: one request, a stream of responses\n";
  auto const places = co_await list_features(guide, area);
  if (places.empty()) throw std::runtime_error{"the server has no places in this area to walk to"};
  std::cout << "RecordRoute: a stream of requests, one response\n";
  co_await record_route(guide, places);
  std::cout << "RouteChat: streams both ways\n";
  co_await route_chat(guide, places.front(), places.back());
}

}  // namespace

int main(int argc, char** argv) {
  std::string target;
  sample::program program{"Shows the four kinds of call on routeguide.RouteGuide."};
  program.calls(target);
  return program.run(argc, argv, [&] {
    boost::asio::io_context io{1};
    sluice::channel channel{io.get_executor(), target};
    sluice::run(io, tour(RouteGuideStub{channel}));
  });
}
