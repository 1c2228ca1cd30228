// SPDX-License-Identifier: Apache-2.0
#pragma once

// Catch2 2.13 is one header (Debian 12), 3.x is many (Debian 13).
#ifdef SLUICE_CATCH2_V3
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
