// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sluice/net/peer_identity.hpp>

#include <openssl/x509.h>

namespace sluice::net {

/// Adds whom the certificate names: subject, common name and alternative names. A name with a NUL inside, which is made
/// to deceive, is left out.
void read_certificate(X509 const& certificate, peer_identity& into);

}  // namespace sluice::net
