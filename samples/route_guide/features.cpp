// SPDX-License-Identifier: Apache-2.0
#include "features.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <numbers>
#include <sstream>
#include <stdexcept>
#include <system_error>

using routeguide::Feature;
using routeguide::Point;
using routeguide::Rectangle;

namespace {

double radians(std::int32_t e7) { return e7 / 1e7 * std::numbers::pi / 180; }

}  // namespace

std::vector<Feature> load_features(std::string const& path) {
  std::ifstream file{path};
  if (!file) throw std::runtime_error{"cannot read " + path + ": " + std::generic_category().message(errno)};
  std::vector<Feature> features;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line.front() == '#') continue;
    std::istringstream words{line};
    std::int32_t latitude = 0;
    std::int32_t longitude = 0;
    std::string name;
    if (!(words >> latitude >> longitude >> std::ws) || !std::getline(words, name))
      throw std::runtime_error{path + ":" + std::to_string(number) +
                               ": not 'latitude longitude name': " + line};
    Feature& feature = features.emplace_back();
    feature.set_name(name);
    feature.mutable_location()->set_latitude(latitude);
    feature.mutable_location()->set_longitude(longitude);
  }
  if (features.empty()) throw std::runtime_error{path + " has no places"};
  return features;
}

bool contains(Rectangle const& area, Point const& point) {
  auto const between = [](std::int32_t value, std::int32_t a, std::int32_t b) {
    return value >= std::min(a, b) && value <= std::max(a, b);
  };
  return between(point.latitude(), area.lo().latitude(), area.hi().latitude()) &&
         between(point.longitude(), area.lo().longitude(), area.hi().longitude());
}

bool same(Point const& a, Point const& b) {
  return a.latitude() == b.latitude() && a.longitude() == b.longitude();
}

double distance(Point const& a, Point const& b) {
  constexpr double earth_radius = 6'371'000;
  double const north = std::sin((radians(b.latitude()) - radians(a.latitude())) / 2);
  double const east = std::sin((radians(b.longitude()) - radians(a.longitude())) / 2);
  double const chord =
      north * north + std::cos(radians(a.latitude())) * std::cos(radians(b.latitude())) * east * east;
  return 2 * earth_radius * std::asin(std::min(1.0, std::sqrt(chord)));
}
