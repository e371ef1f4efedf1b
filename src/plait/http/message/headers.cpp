#include "plait/http/message/headers.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/trim.hpp"
#include "plait/http/message/internal/escaped.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

namespace plait::http {

namespace {

using CharacterSet = std::array<bool, 256>;

constexpr CharacterSet make_token_characters() {
    CharacterSet set{};
    for (char c = '0'; c <= '9'; ++c) set[static_cast<unsigned char>(c)] = true;
    for (char c = 'a'; c <= 'z'; ++c) set[static_cast<unsigned char>(c)] = true;
    for (char c = 'A'; c <= 'Z'; ++c) set[static_cast<unsigned char>(c)] = true;
    for (char c : std::string_view("!#$%&'*+-.^_`|~")) set[static_cast<unsigned char>(c)] = true;
    return set;
}

constexpr CharacterSet make_value_characters() {
    CharacterSet set{};
    for (int c = 0x20; c < 0x100; ++c) set[static_cast<std::size_t>(c)] = c != 0x7f;
    set['\t'] = true;
    return set;
}

constexpr CharacterSet token_characters = make_token_characters();
constexpr CharacterSet value_characters = make_value_characters();

bool consists_of(std::string_view text, const CharacterSet& set) noexcept {
    for (char c : text) {
        if (!set[static_cast<unsigned char>(c)]) return false;
    }
    return true;
}

[[noreturn]] void refuse_name(std::string_view name) {
    if (name.empty()) throw Error(ErrorCode::bad_input, "a header has an empty name");
    throw Error(ErrorCode::bad_input, fmt::format("header '{}': a name has only letters, digits and !#$%&'*+-.^_`|~",
                                                  internal::escaped(name)));
}

// Without the value, which may be a secret.
[[noreturn]] void refuse_value(std::string_view name, std::string_view value) {
    const auto position = std::find_if(value.begin(), value.end(),
                                       [](char c) { return !value_characters[static_cast<unsigned char>(c)]; }) -
                          value.begin();
    const auto byte = static_cast<unsigned char>(value[static_cast<std::size_t>(position)]);
    const std::string_view what = byte == '\r'   ? "a carriage return"
                                  : byte == '\n' ? "a line feed"
                                  : byte == 0    ? "a NUL"
                                                 : "a control character";
    throw Error(ErrorCode::bad_input,
                fmt::format("header '{}': the value has {} at byte {}; it would not stay one header", name, what,
                            position + 1));
}

}  // namespace

bool is_token(std::string_view text) noexcept { return !text.empty() && consists_of(text, token_characters); }

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                              [](char x, char y) { return x == y || to_lower(x) == to_lower(y); });
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), to_lower);
    return result;
}

Headers::Headers(std::initializer_list<Header> headers) {
    for (const Header& header : headers) add(header.name, header.value);
}

void Headers::add(std::string_view name, std::string_view value) {
    if (!is_token(name)) refuse_name(name);
    if (!consists_of(value, value_characters)) refuse_value(name, value);
    value = trimmed(value);
    if (text_.size() + name.size() + value.size() > std::numeric_limits<std::uint32_t>::max()) {
        throw Error(ErrorCode::bad_input, fmt::format("header '{}': more than 4 GiB of headers", name));
    }
    append(name, value);
}

void Headers::append(std::string_view name, std::string_view value) {
    fields_.push_back({static_cast<std::uint32_t>(text_.size()), static_cast<std::uint32_t>(name.size()),
                       static_cast<std::uint32_t>(value.size())});
    text_.append(name).append(value);
}

void Headers::set(std::string_view name, std::string_view value) {
    Headers others = without(name);
    others.add(name, value);
    *this = std::move(others);
}

std::size_t Headers::remove(std::string_view name) {
    const std::size_t before = size();
    if (contains(name)) *this = without(name);
    return before - size();
}

Headers Headers::without(std::string_view name) const {
    Headers others;
    others.reserve(fields_.size() + 1, text_.size());
    for (const Header header : *this) {
        if (!equal_ignoring_case(header.name, name)) others.append(header.name, header.value);
    }
    return others;
}

void Headers::clear() noexcept {
    text_.clear();
    fields_.clear();
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
    const std::size_t index = find(name);
    if (index == fields_.size()) return std::nullopt;
    return at(index).value;
}

std::vector<std::string_view> Headers::get_all(std::string_view name) const {
    std::vector<std::string_view> values;
    for (std::size_t index = find(name); index < fields_.size(); index = find(name, index + 1)) {
        values.push_back(at(index).value);
    }
    return values;
}

void Headers::reserve(std::size_t fields, std::size_t text) {
    fields_.reserve(fields);
    text_.reserve(text);
}

Header Headers::at(std::size_t index) const noexcept {
    const Field& field = fields_[index];
    const char* const name = text_.data() + field.start;
    return {{name, field.name_size}, {name + field.name_size, field.value_size}};
}

std::size_t Headers::find(std::string_view name, std::size_t from) const noexcept {
    for (std::size_t index = from; index < fields_.size(); ++index) {
        const Field& field = fields_[index];
        if (field.name_size == name.size() && equal_ignoring_case({text_.data() + field.start, name.size()}, name))
            return index;
    }
    return fields_.size();
}

}  // namespace plait::http
