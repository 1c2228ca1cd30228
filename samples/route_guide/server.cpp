// SPDX-License-Identifier: Apache-2.0
// Serves routeguide.RouteGuide over the places of a feature file.
#include "features.hpp"
#include "program.hpp"
#include "route_guide.sluice.hpp"

#include <sluice/sluice.hpp>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace {

using routeguide::Feature;
using routeguide::Point;
using routeguide::Rectangle;
using routeguide::RouteNote;
using routeguide::RouteSummary;

// One thread runs all handlers, in turns: they change places only where one awaits or yields. So nothing here
// needs a lock, and no iterator into what others change is held across a co_await or co_yield.
class RouteGuide final : public routeguide::RouteGuideService {
 public:
  explicit RouteGuide(std::vector<Feature> features) : features_{std::move(features)} {}

 private:
  sluice::task<Feature> GetFeature(Point point) override {
    if (auto const* const found = feature_at(point)) co_return *found;
    co_return sluice::status{sluice::code::not_found, "no feature at this point"};
  }

  sluice::generator<Feature> ListFeatures(Rectangle area) override {
    for (auto const& feature : features_)
      if (contains(area, feature.location())) co_yield feature;  // waits while the client does not read
  }

  sluice::task<RouteSummary> RecordRoute(sluice::generator<Point> points) override {
    auto const begin = std::chrono::steady_clock::now();
    RouteSummary summary;
    double metres = 0;
    Point last;
    while (auto const* const point = co_await points.next()) {  // null: the client has sent its last
      if (summary.point_count() > 0) metres += distance(last, *point);
      if (feature_at(*point) != nullptr) summary.set_feature_count(summary.feature_count() + 1);
      summary.set_point_count(summary.point_count() + 1);
      last = *point;  // a copy: the next message takes the same storage
    }
    auto const elapsed = std::chrono::steady_clock::now() - begin;
    summary.set_distance(static_cast<std::int32_t>(std::min(metres, 2e9)));
    summary.set_elapsed_time(
        static_cast<std::int32_t>(std::chrono::round<std::chrono::seconds>(elapsed).count()));
    co_return summary;
  }

  sluice::generator<RouteNote> RouteChat(sluice::generator<RouteNote> notes) override {
    while (auto const* const note = co_await notes.next())
      for (auto const& earlier : leave(*note)) co_yield earlier;
  }

  [[nodiscard]] Feature const* feature_at(Point const& point) const {
    auto const found = std::find_if(features_.begin(), features_.end(), [&point](Feature const& feature) {
      return same(feature.location(), point);
    });
    return found == features_.end() ? nullptr : &*found;
  }

  /// Keeps the note; returns those that were left at its point before. Copies: the deque changes while they are
  /// sent.
  std::vector<RouteNote> leave(RouteNote const& note) {
    constexpr std::size_t kept = 1000;  // whoever can write can fill the memory, unless there is a bound
    std::vector<RouteNote> earlier;
    std::copy_if(notes_.begin(), notes_.end(), std::back_inserter(earlier),
                 [&note](RouteNote const& other) { return same(other.location(), note.location()); });
    notes_.push_back(note);
    if (notes_.size() > kept) notes_.pop_front();
    return earlier;
  }

  std::vector<Feature> const features_;
  std::deque<RouteNote> notes_;
};

void serve(std::string const& address, std::string const& feature_file) {
  boost::asio::io_context io{1};
  RouteGuide guide{load_features(feature_file)};
  sluice::server server{io.get_executor()};
  server.add(guide);
  sample::serve(io, server, address);
}

}  // namespace

int main(int argc, char** argv) {
  std::string address;
  std::string features = ROUTE_GUIDE_FEATURES;
  sample::program program{"Serves routeguide.RouteGuide until Ctrl-C."};
  program.listens(address).option("--features", features, "the feature file");
  return program.run(argc, argv, [&] { serve(address, features); });
}
