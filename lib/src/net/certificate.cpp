// SPDX-License-Identifier: Apache-2.0
#include "net/certificate.hpp"

#include <sluice/net/address.hpp>

#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::net {
namespace {

struct free_bio {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
struct free_names {
  void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
};

std::string rfc2253(X509_NAME const* name) {
  std::unique_ptr<BIO, free_bio> const out{BIO_new(BIO_s_mem())};
  if (!out || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
  char* data = nullptr;
  auto const size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string common_name(X509_NAME const* name) {
  int const index = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (index < 0) return {};
  unsigned char* data = nullptr;
  int const size = ASN1_STRING_to_UTF8(&data, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
  if (size < 0) return {};
  std::string const text{reinterpret_cast<char const*>(data), static_cast<std::size_t>(size)};
  OPENSSL_free(data);
  return text.find('\0') == text.npos ? text : std::string{};
}

std::string_view view(ASN1_STRING const* text) noexcept {
  return {reinterpret_cast<char const*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

void add_text(ASN1_STRING const* text, std::vector<std::string>& to) {
  auto const name = view(text);
  auto const is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::ranges::none_of(name, is_control)) to.emplace_back(name);
}

void add_ip(ASN1_STRING const* octets, std::vector<std::string>& to) {
  auto const bytes = view(octets);
  sockaddr_storage storage{};
  socklen_t size = 0;
  if (bytes.size() == 4) {
    auto* const v4 = reinterpret_cast<sockaddr_in*>(&storage);
    v4->sin_family = AF_INET;
    std::memcpy(&v4->sin_addr, bytes.data(), 4);
    size = sizeof *v4;
  } else if (bytes.size() == 16) {
    auto* const v6 = reinterpret_cast<sockaddr_in6*>(&storage);
    v6->sin6_family = AF_INET6;
    std::memcpy(&v6->sin6_addr, bytes.data(), 16);
    size = sizeof *v6;
  } else {
    return;
  }
  auto text = address::from_native(reinterpret_cast<sockaddr*>(&storage), size).endpoint();  // with port 0
  text.resize(text.rfind(':'));
  if (text.starts_with('[')) text = text.substr(1, text.size() - 2);
  to.push_back(std::move(text));
}

}  // namespace

void read_certificate(X509 const& certificate, peer_identity& into) {
  auto const* const name = X509_get_subject_name(&certificate);
  into.has_certificate = true;
  into.subject = rfc2253(name);
  into.common_name = common_name(name);
  std::unique_ptr<GENERAL_NAMES, free_names> const names{
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr))};
  int const count = names ? sk_GENERAL_NAME_num(names.get()) : 0;
  for (int i = 0; i != count; ++i) {
    auto const* const each = sk_GENERAL_NAME_value(names.get(), i);
    switch (each->type) {
      case GEN_DNS: add_text(each->d.dNSName, into.dns_names); break;
      case GEN_URI: add_text(each->d.uniformResourceIdentifier, into.uris); break;
      case GEN_EMAIL: add_text(each->d.rfc822Name, into.emails); break;
      case GEN_IPADD: add_ip(each->d.iPAddress, into.ip_addresses); break;
      default: break;
    }
  }
}

}  // namespace sluice::net
