// SPDX-License-Identifier: Apache-2.0
#pragma once

// Catch2 2.13 is one header (Debian 12), 3.x is many (Debian 13).
#ifdef SLUICE_CATCH2_V3
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

// Catch2 mentions each expression a second time, unevaluated, to have the compiler's warnings for it. g++ 12 evaluates a
// co_await there: what is checked would be awaited twice.
#undef CATCH_INTERNAL_IGNORE_BUT_WARN
#define CATCH_INTERNAL_IGNORE_BUT_WARN(...) static_cast<void>(0)
