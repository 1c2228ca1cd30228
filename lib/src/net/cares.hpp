// SPDX-License-Identifier: Apache-2.0
#pragma once

// c-ares from 1.18 (Debian 12) to 1.34 (Debian 13). What differs between them is answered here.

#include <ares.h>
#include <sys/select.h>

#include <memory>
#include <string>

#if ARES_VERSION < 0x011200
#error "sluice needs c-ares 1.18 or newer"
#endif

namespace sluice::net::cares {

struct channel_deleter {
  void operator()(ares_channeldata* channel) const noexcept { ares_destroy(channel); }
};
using channel = std::unique_ptr<ares_channeldata, channel_deleter>;

struct addrinfo_deleter {
  void operator()(ares_addrinfo* list) const noexcept { ares_freeaddrinfo(list); }
};
using addrinfo = std::unique_ptr<ares_addrinfo, addrinfo_deleter>;

/// Why a lookup failed. The texts of ares_strerror changed with the versions; the frequent ones are our own.
[[nodiscard]] inline std::string explain(int status) {
  switch (status) {
    case ARES_ENOTFOUND: return "the name does not exist";
    case ARES_ENODATA: return "the name has no address";
    case ARES_ESERVFAIL: return "the name server failed";
    case ARES_EREFUSED: return "the name server refused to answer";
    case ARES_ECONNREFUSED: return "no name server could be reached";
    case ARES_ETIMEOUT: return "no name server answered in time";
    case ARES_EBADNAME: return "it is not a valid name";
#ifdef ARES_OPT_EVENT_THREAD  // from 1.26 on; ARES_ENOSERVER itself is no macro
    case 26: return "no name server is configured";
#endif
    default: return ares_strerror(status);
  }
}

}  // namespace sluice::net::cares
