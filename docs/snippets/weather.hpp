// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the pages' snippets share: names, and a service that is called in memory.

#include "weather.sluice.hpp"

#include <sluice/sluice.hpp>
#include <sluice/testing/in_process.hpp>
#include <sluice/testing/manual_clock.hpp>

#include "support/catch.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <string>
#include <utility>

using weather::Place;
using weather::Report;
using weather::Summary;
using weather::WeatherStub;
using namespace std::chrono_literals;

inline Place place(std::string const& name) {
  Place made;
  made.set_name(name);
  return made;
}
inline Report report(std::string const& where, double degrees) {
  Report made;
  made.set_place(where);
  made.set_degrees(degrees);
  return made;
}

/// A service of the snippets' kind, and a stub whose calls reach it without a socket.
template <class Service>
struct served {
  template <class... Args>
  explicit served(Args&&... args) : service{std::forward<Args>(args)...} {
    server.add(service);
  }
  template <class Awaitable>
  auto run(Awaitable what) {
    return sluice::run(io, std::move(what));
  }
  boost::asio::io_context io;
  Service service;
  sluice::server server{io.get_executor()};
  sluice::channel channel{io.get_executor(), sluice::testing::connect_to(io.get_executor(), server)};
  WeatherStub stub{channel};
};
