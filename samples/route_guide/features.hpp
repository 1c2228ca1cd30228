// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "route_guide.sluice.hpp"

#include <string>
#include <vector>

/// Reads a feature file: a place in each line, `latitude longitude name`; lines that begin with # are comments.
/// Throws std::runtime_error, naming the file and the line.
std::vector<routeguide::Feature> load_features(std::string const& path);

/// Inside, or on the edge.
bool contains(routeguide::Rectangle const& area, routeguide::Point const& point);
bool same(routeguide::Point const& a, routeguide::Point const& b);
/// Metres along the surface of the earth.
double distance(routeguide::Point const& a, routeguide::Point const& b);
