// SPDX-License-Identifier: Apache-2.0
#include "gen/keywords.hpp"

#include <algorithm>
#include <iterator>

namespace sluice::gen {
namespace {

// clang-format off
constexpr std::string_view keywords[] = {
    "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case",
    "catch", "char", "char16_t", "char32_t", "char8_t", "class", "co_await", "co_return", "co_yield",
    "compl", "concept", "const", "const_cast", "consteval", "constexpr", "constinit", "continue",
    "decltype", "default", "delete", "do", "double", "dynamic_cast", "else", "enum", "explicit", "export",
    "extern", "false", "float", "for", "friend", "goto", "if", "inline", "int", "long", "mutable",
    "namespace", "new", "noexcept", "not", "not_eq", "nullptr", "operator", "or", "or_eq", "private",
    "protected", "public", "register", "reinterpret_cast", "requires", "return", "short", "signed",
    "sizeof", "static", "static_assert", "static_cast", "struct", "switch", "template", "this",
    "thread_local", "throw", "true", "try", "typedef", "typeid", "typename", "union", "unsigned", "using",
    "virtual", "void", "volatile", "wchar_t", "while", "xor", "xor_eq",
};
// linux and unix are macros when the compiler speaks its own dialect (-std=gnu++20).
constexpr std::string_view macros[] = {
    "EOF", "NULL", "assert", "errno", "linux", "stderr", "stdin", "stdout", "unix",
};
// clang-format on
static_assert(std::is_sorted(std::begin(keywords), std::end(keywords)));
static_assert(std::is_sorted(std::begin(macros), std::end(macros)));

}  // namespace

bool is_keyword(std::string_view name) {
  return std::binary_search(std::begin(keywords), std::end(keywords), name);
}

bool is_reserved_word(std::string_view name) {
  return is_keyword(name) || std::binary_search(std::begin(macros), std::end(macros), name);
}

}  // namespace sluice::gen
