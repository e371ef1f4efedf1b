#include "plait/convert/request/request.hpp"

#include "plait/http/message/headers.hpp"

#include <algorithm>

namespace plait::convert {

void Request::set_header(std::string_view name, std::string value) {
    remove_header(name);
    headers.emplace_back(name, std::move(value));
}

void Request::add_default_header(std::string_view name, std::string value) {
    if (!header(name)) headers.emplace_back(name, std::move(value));
}

const std::string* Request::header(std::string_view name) const {
    const auto found = std::find_if(headers.begin(), headers.end(),
                                    [name](const auto& each) { return http::equal_ignoring_case(each.first, name); });
    return found == headers.end() ? nullptr : &found->second;
}

void Request::remove_header(std::string_view name) {
    std::erase_if(headers, [name](const auto& each) { return http::equal_ignoring_case(each.first, name); });
}

}  // namespace plait::convert
