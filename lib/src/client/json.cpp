// SPDX-License-Identifier: Apache-2.0
// Boost.JSON's own code, once: Debian's package of the library is not needed.
#include <boost/json/src.hpp>
