#include "plait/http/login/credentials.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/base64.hpp"
#include "plait/http/message/headers.hpp"

namespace plait::http {

namespace {

std::string in_lower_case(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = to_lower(c);
    return result;
}

}  // namespace

std::string basic_authorization(const Credentials& credentials) {
    if (credentials.user.find(':') != std::string::npos) {
        throw_bad_input("a user name with a colon can't be sent with Basic authentication");
    }
    std::string value = "Basic ";
    append_base64(value, credentials.user + ":" + credentials.password);
    return value;
}

void CredentialTable::add_origin(std::string_view origin, Credentials credentials) {
    origins_.insert_or_assign(std::string(origin), std::move(credentials));
}

void CredentialTable::add_host(std::string_view host, Credentials credentials) {
    // As in a netrc file, where the first entry of a host counts.
    hosts_.emplace(in_lower_case(host), std::move(credentials));
}

std::string CredentialTable::origins_text() const {
    std::string text;
    for (const auto& [origin, credentials] : origins_)
        text += (text.empty() ? "" : ", ") + credentials.user + " at " + origin;
    return text;
}

std::vector<const Credentials*> CredentialTable::all() const {
    std::vector<const Credentials*> all;
    for (const auto* table : {&origins_, &hosts_}) {
        for (const auto& [name, credentials] : *table) all.push_back(&credentials);
    }
    if (default_) all.push_back(&*default_);
    return all;
}

const Credentials* CredentialTable::find(const Url& url) const {
    const Credentials* const named = find_named(url);
    return named || !default_ ? named : &*default_;
}

const Credentials* CredentialTable::find_named(const Url& url) const {
    if (const auto known = origins_.find(url.origin()); known != origins_.end()) return &known->second;
    if (const auto known = hosts_.find(url.host()); known != hosts_.end()) return &known->second;
    return nullptr;
}

}  // namespace plait::http
