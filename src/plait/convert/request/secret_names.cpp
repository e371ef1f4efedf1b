#include "plait/convert/request/secret_names.hpp"

#include <fmt/format.h>

#include <utility>

namespace plait::convert {

namespace {

/// `api.example:8080` becomes `API_EXAMPLE_8080`.
std::string as_variable(std::string_view text) {
    std::string name;
    for (const char c : text) {
        const bool is_lower = c >= 'a' && c <= 'z';
        const bool stays = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (is_lower || stays) {
            name += is_lower ? static_cast<char>(c - 'a' + 'A') : c;
        } else if (!name.empty() && name.back() != '_') {
            name += '_';
        }
    }
    while (name.ends_with('_')) name.pop_back();
    if (!name.empty() && name[0] >= '0' && name[0] <= '9') name.insert(0, "HOST_");
    return name;
}

}  // namespace

std::string SecretNames::reference(std::string_view host, std::string_view role, std::string_view value,
                                   std::string where, std::string form) {
    const std::string stem = as_variable(fmt::format("{}_{}", host, role));
    std::string& variable = variables_[{stem, std::string(value)}];
    if (variable.empty()) {
        variable = stem;
        for (int n = 2; !taken_.emplace(variable, secrets_.size()).second; ++n)
            variable = fmt::format("{}_{}", stem, n);
        secrets_.push_back({variable, std::move(where), std::move(form)});
    }
    return fmt::format("{{{{env.{}}}}}", variable);
}

void SecretNames::add_given(const std::string& name) {
    if (taken_.emplace(name, secrets_.size()).second) secrets_.push_back({name, "given by --var"});
}

void SecretNames::mark_used(std::string_view variable) {
    const auto known = taken_.find(variable);
    if (known != taken_.end()) secrets_[known->second].is_used = true;
}

std::vector<std::string> SecretNames::left_in(std::string_view text) const {
    constexpr std::size_t shortest = 8;  // shorter texts occur by chance
    std::vector<std::string> left;
    for (const auto& [stem_and_value, variable] : variables_) {
        const std::string& value = stem_and_value.second;
        if (value.size() >= shortest && text.find(value) != std::string_view::npos) left.push_back(variable);
    }
    return left;
}

}  // namespace plait::convert
