// SPDX-License-Identifier: Apache-2.0
#include "gen/comments.hpp"

#include <cstddef>

namespace sluice::gen {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// The length of the UTF-8 character at the front of `text`, 0 if there is none. Overlong forms and surrogates
/// pass: compilers look at comments no closer than this.
std::size_t character_length(std::string_view text) {
  auto const lead = static_cast<unsigned char>(text.front());
  std::size_t const length = lead < 0x80                    ? 1u
                             : lead >= 0xC2 && lead <= 0xDF ? 2u
                             : lead >= 0xE0 && lead <= 0xEF ? 3u
                             : lead >= 0xF0 && lead <= 0xF4 ? 4u
                                                            : 0u;
  if (length == 0 || text.size() < length) return 0;
  for (auto const c : text.substr(1, length - 1))
    if (!is_continuation(c)) return 0;
  return length;
}

/// U+202A to U+202E and U+2066 to U+2069 show the reader other code than the compiler sees ("Trojan Source");
/// compilers warn about them.
bool is_bidirectional(std::string_view character) {
  return (character >= "\xE2\x80\xAA" && character <= "\xE2\x80\xAE") ||
         (character >= "\xE2\x81\xA6" && character <= "\xE2\x81\xA9");
}

std::string clean(std::string_view line) {
  std::string out;
  while (!line.empty()) {
    auto const length = character_length(line);
    auto const character = line.substr(0, length == 0 ? 1 : length);
    auto const byte = static_cast<unsigned char>(character.front());
    if (length == 0) out += replacement;
    else if ((byte >= 0x20 && byte != 0x7F && !is_bidirectional(character)) || byte == '\t') out += character;
    line.remove_prefix(character.size());
  }
  out.erase(out.find_last_not_of(" \t") + 1);
  return out;
}

/// A line that ends in a backslash, or in the trigraph of one, goes on in the next line. Documentation tools
/// show the entities as the characters that they stand for.
void end_harmlessly(std::string& line) {
  std::string_view const view{line};
  if (view.ends_with('\\')) line.replace(line.size() - 1, 1, "&#92;");
  else if (view.ends_with("?\?/")) line.replace(line.size() - 1, 1, "&#47;");
}

}  // namespace

std::string doc_lines(std::string_view text, std::string_view indent) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  std::string out;
  while (!text.empty()) {
    auto const end = text.find('\n');
    auto line = clean(text.substr(0, end));
    end_harmlessly(line);
    // protoc keeps the space behind the two slashes, or the one behind a block comment's star.
    if (!line.empty() && line.front() != ' ') line.insert(0, " ");
    out.append(indent).append("///").append(line).append("\n");
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

}  // namespace sluice::gen
