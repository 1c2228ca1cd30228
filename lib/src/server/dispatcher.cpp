// SPDX-License-Identifier: Apache-2.0
#include "server/dispatcher.hpp"

#include <algorithm>

namespace sluice::serving {

bool dispatcher::add(service& what) {
  if (!services_.emplace(what.sluice_service_name(), &what).second) return false;
  for (auto const& handler : what.sluice_methods())
    methods_.insert_or_assign(std::string{handler.method.path}, entry{&what, &handler});
  return true;
}

dispatcher::entry dispatcher::find(std::string_view path) const noexcept {
  auto const found = methods_.find(path);
  return found == methods_.end() ? fallback_ : found->second;
}

bool dispatcher::set_fallback(service& what) noexcept {
  if (fallback_.handler != nullptr) return false;
  fallback_ = entry{&what, &what.sluice_methods().front()};
  return true;
}

status dispatcher::explain(std::string_view path) const {
  auto const slash = path.rfind('/');
  std::string_view const name =
      slash == 0 || slash == std::string_view::npos ? "" : path.substr(1, slash - 1);
  if (services_.find(name) == services_.end())
    return status{code::unimplemented, "unknown service " + std::string{name}};
  return status{code::unimplemented,
                "unknown method " + std::string{path.substr(slash + 1)} + " of service " + std::string{name}};
}

std::vector<std::string_view> dispatcher::services() const {
  std::vector<std::string_view> names;
  names.reserve(services_.size());
  for (auto const& [name, owner] : services_) names.push_back(name);
  std::ranges::sort(names);
  return names;
}

}  // namespace sluice::serving
