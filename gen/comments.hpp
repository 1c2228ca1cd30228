// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "gen/libprotoc.hpp"

#include <string>
#include <string_view>

namespace sluice::gen {

/// Turns text into `///` lines, each after `indent`. What C++ would read in them is made harmless: a backslash
/// at the end of a line (it would swallow the next one), control and bidirectional formatting characters, and
/// bytes that are not UTF-8. Empty text gives nothing.
std::string doc_lines(std::string_view text, std::string_view indent);

/// The comments that the .proto has before and behind a declaration, as written there; empty if it has none.
/// Comments that stand alone, with an empty line behind them, document nothing and are left out.
template <typename Descriptor>
std::string proto_comment(Descriptor const& descriptor) {
  protobuf::SourceLocation location;
  if (!descriptor.GetSourceLocation(&location)) return {};
  auto comment = location.leading_comments;
  if (!comment.empty() && comment.back() != '\n' && !location.trailing_comments.empty()) comment += '\n';
  return comment + location.trailing_comments;
}

}  // namespace sluice::gen
