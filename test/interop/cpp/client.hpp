// SPDX-License-Identifier: Apache-2.0
//
// What the cases of the interop client on grpc C++ stand on.
#pragma once

#include "interop.grpc.pb.h"
#include "peer.hpp"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

struct failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void expect(bool fact, std::string const& why) {
  if (!fact) throw failure{why};
}

struct stubs {
  sluice::interop::Peer::StubInterface& peer;
  sluice::interop::Absent::StubInterface& absent;
};

// The cases in the order of cases.md; each throws `failure`.
std::vector<std::pair<std::string, std::function<void(stubs)>>> const& cases();
