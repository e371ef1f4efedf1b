#include "plait/batch/caller/internal/secrets_in_url.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace plait::batch::internal {

std::optional<std::string> with_secrets(std::string_view redacted, const http::Url& call, const Secrets* secrets) {
    if (redacted.find('{') == std::string_view::npos) return std::string(redacted);
    if (!secrets) return std::nullopt;
    std::vector<std::pair<std::string, std::string_view>> values;  // by the names of the secrets
    const std::string_view text = call.text();
    for (std::string_view rest = text.substr(std::min(text.find('?'), text.size())); !rest.empty();) {
        rest.remove_prefix(1);  // the '?' or '&'
        const std::string_view pair = rest.substr(0, rest.find('&'));
        rest.remove_prefix(pair.size());
        const std::string_view value = pair.substr(std::min(pair.find('=') + 1, pair.size()));
        std::string name(value);
        secrets->redact(name);
        if (name.starts_with("{{") && name.ends_with("}}")) values.emplace_back(std::move(name), value);
    }
    std::string url;
    for (;;) {
        const std::size_t brace = redacted.find('{');
        url += redacted.substr(0, brace);
        if (brace == std::string_view::npos) return url;
        redacted.remove_prefix(brace);
        const auto known = std::find_if(values.begin(), values.end(),
                                        [redacted](const auto& one) { return redacted.starts_with(one.first); });
        if (known == values.end()) return std::nullopt;
        url += known->second;
        redacted.remove_prefix(known->first.size());
    }
}

}  // namespace plait::batch::internal
