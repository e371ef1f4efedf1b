#include "plait/convert/request/internal/request_secrets.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/words.hpp"
#include "plait/convert/request/internal/url_text.hpp"
#include "plait/convert/request/secret_text.hpp"
#include "plait/json/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace plait::convert::internal {

namespace {

/// Shorter values are words, or occur by chance.
constexpr std::size_t shortest_secret = 4;

}  // namespace

RequestSecrets::RequestSecrets(const Request& request, const std::vector<std::string>& given, SecretNames& names,
                               std::string host, std::string where)
    : given_(given), names_(names), host_(std::move(host)), where_(std::move(where)) {
    for (const std::string& secret : request.secrets) {
        if (!secret.empty() && !has_given_reference(secret)) listed_.push_back(secret);
    }
}

std::string RequestSecrets::reference(std::string_view role, std::string_view value, const std::string& what,
                                      std::string_view form) {
    return names_.reference(host_, role, value, fmt::format("{} of {}", what, where_), std::string(form));
}

bool RequestSecrets::has_given_reference(std::string_view text) const {
    bool has = false;
    for_each_reference(text, [&](std::string_view each) {
        has = has || std::find(given_.begin(), given_.end(), each) != given_.end();
    });
    return has;
}

std::string RequestSecrets::foreign_reference(std::string_view text) const {
    std::string found;
    for_each_reference(text, [&](std::string_view each) {
        if (found.empty() && std::find(given_.begin(), given_.end(), each) == given_.end()) found = each;
    });
    return found;
}

void RequestSecrets::refuse_foreign_reference(std::string_view text, std::string_view what) const {
    const std::string found = foreign_reference(text);
    if (!found.empty()) {
        throw_bad_input(fmt::format("{} has the text {{{{{}}}}}, which plait run takes for the name of a secret", what,
                                    printable(found)));
    }
}

bool RequestSecrets::is_secret_field(std::string_view name, std::string_view value) const {
    return names_secret_parameter(name) && value.size() >= shortest_secret && !has_given_reference(value);
}

bool RequestSecrets::has_secret(std::string_view name, std::string_view value) const {
    return is_secret_field(name, value) || (!has_given_reference(value) && !spans_of_secrets(value).empty());
}

std::string RequestSecrets::safe_field(std::string_view name, std::string_view value, const std::string& what) {
    if (!has_secret(name, value)) return std::string(value);
    return is_secret_field(name, value) ? reference(name, value, what) : without_secrets(value, name, what);
}

bool RequestSecrets::are_in(std::string_view text) const {
    return !spans_of_secrets(text).empty() || !names_.left_in(text).empty();
}

std::string RequestSecrets::without_secrets(std::string_view text, std::string_view role, const std::string& what) {
    std::string safe;
    std::size_t done = 0;
    for (const std::string_view secret : spans_of_secrets(text)) {
        const auto at = static_cast<std::size_t>(secret.data() - text.data());
        if (at < done || has_given_reference(secret)) continue;
        safe.append(text.substr(done, at - done)).append(reference(role, secret, what));
        done = at + secret.size();
    }
    return safe.append(text.substr(done));
}

void RequestSecrets::refuse_remaining(std::string_view line) const {
    for (const std::string& secret : listed_) {
        if (secret.size() < shortest_secret) continue;
        std::string escaped;
        json::append_string(escaped, secret);
        escaped = escaped.substr(1, escaped.size() - 2);
        for (const std::string& text : {escaped, percent_encoded(secret)}) {
            if (line.find(text) == std::string_view::npos) continue;
            throw_bad_input("the value of a secret is in its path, or in another place that can't name a secret");
        }
    }
}

/// The secrets in the text, in their order: those that look like one, and those that the request lists.
std::vector<std::string_view> RequestSecrets::spans_of_secrets(std::string_view text) const {
    std::vector<std::string_view> spans = find_secrets(text);
    for (const std::string& secret : listed_) {
        if (secret.size() < shortest_secret && text != secret) continue;
        for (auto at = text.find(secret); at != std::string_view::npos; at = text.find(secret, at + secret.size()))
            spans.push_back(text.substr(at, secret.size()));
    }
    // Of several that begin at one byte, the longest is first.
    std::sort(spans.begin(), spans.end(), [](std::string_view a, std::string_view b) {
        return a.data() != b.data() ? a.data() < b.data() : a.size() > b.size();
    });
    return spans;
}

}  // namespace plait::convert::internal
