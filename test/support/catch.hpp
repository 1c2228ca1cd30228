// SPDX-License-Identifier: Apache-2.0
#pragma once

// Catch2 2.13 is one header (Debian 12), 3.x is many (Debian 13).
#ifdef SLUICE_CATCH2_V3
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

// Catch2 mentions each expression twice more, unevaluated, to have the compiler's warnings for it. g++ 12 evaluates a
// co_await there: what is checked would be awaited again. So this is its own macro with one mention.
#ifdef SLUICE_CATCH2_V3
#define SLUICE_CATCH_DONE(handler) handler.complete()
#else
#define SLUICE_CATCH_DONE(handler) INTERNAL_CATCH_REACT(handler)
#endif
#undef INTERNAL_CATCH_TEST
#define INTERNAL_CATCH_TEST(macro_name, disposition, ...)                                       \
  do {                                                                                          \
    Catch::AssertionHandler sluice_handler(macro_name##_catch_sr, CATCH_INTERNAL_LINEINFO,      \
                                           CATCH_INTERNAL_STRINGIFY(__VA_ARGS__), disposition); \
    INTERNAL_CATCH_TRY {                                                                        \
      CATCH_INTERNAL_START_WARNINGS_SUPPRESSION                                                 \
      CATCH_INTERNAL_SUPPRESS_PARENTHESES_WARNINGS                                              \
      sluice_handler.handleExpr(Catch::Decomposer() <= __VA_ARGS__);                            \
      CATCH_INTERNAL_STOP_WARNINGS_SUPPRESSION                                                  \
    }                                                                                           \
    INTERNAL_CATCH_CATCH(sluice_handler)                                                        \
    SLUICE_CATCH_DONE(sluice_handler);                                                          \
  } while (false)
