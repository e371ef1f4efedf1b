#include "plait/http/limit_headers/internal/structured_list.hpp"

#include "plait/base/text/trim.hpp"
#include "plait/http/limit_headers/internal/number_text.hpp"

#include <algorithm>
#include <utility>

namespace plait::http::internal {

auto StructuredList::Item::find(std::string_view key) const noexcept -> const Parameter* {
    const auto found = std::find_if(parameters.begin(), parameters.end(),
                                    [&](const Parameter& parameter) { return parameter.key == key; });
    return found == parameters.end() ? nullptr : &*found;
}

std::optional<double> StructuredList::Item::number(std::string_view key) const noexcept {
    const Parameter* parameter = find(key);
    return parameter ? parameter->number : std::nullopt;
}

std::vector<StructuredList::Item> StructuredList::parse(std::string_view text, std::size_t most) {
    StructuredList list(trimmed(text));
    std::vector<Item> items;
    while (!list.failed_ && !list.rest_.empty() && items.size() < most) {
        Item& item = items.emplace_back();
        list.read_member(item);
        skip_blanks(list.rest_);
        if (list.rest_.empty()) break;
        if (!list.take(',')) return {};
        skip_blanks(list.rest_);
    }
    if (list.failed_) return {};
    return items;
}

void StructuredList::read_member(Item& item) {
    read_value(item.value);
    if (take('=')) {  // a member of a dictionary, as in draft 7
        item.value.key = std::exchange(item.value.text, {});
        read_value(item.value);
    }
    while (!failed_ && take(';')) {
        skip_blanks(rest_);
        Parameter& parameter = item.parameters.emplace_back();
        parameter.key = read_token();
        if (take('=')) read_value(parameter);
    }
}

void StructuredList::read_value(Parameter& parameter) {
    if (rest_.starts_with('"')) {
        parameter.text = read_string();
    } else if (rest_.starts_with(':')) {  // bytes: a partition key, which only the server needs
        const auto end = rest_.find(':', 1);
        failed_ = failed_ || end == std::string_view::npos;
        rest_.remove_prefix(failed_ ? rest_.size() : end + 1);
    } else if (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
        parameter.number = take_number(rest_);
    } else {
        parameter.text = read_token();
    }
}

std::string StructuredList::read_string() {
    std::string text;
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_.front() != '"') {
        if (rest_.front() == '\\') rest_.remove_prefix(1);
        if (rest_.empty()) break;
        text.push_back(rest_.front());
        rest_.remove_prefix(1);
    }
    if (!take('"')) failed_ = true;
    return text;
}

std::string StructuredList::read_token() {
    std::size_t size = 0;
    while (size < rest_.size() && std::string_view(",;= \t\"").find(rest_[size]) == std::string_view::npos) ++size;
    if (size == 0) failed_ = true;
    std::string token(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return token;
}

bool StructuredList::take(char c) noexcept {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
}

}  // namespace plait::http::internal
