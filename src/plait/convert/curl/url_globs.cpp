#include "plait/convert/curl/url_globs.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace plait::convert {

namespace {

using Texts = std::vector<std::string>;

[[noreturn]] void refuse(std::string_view glob) {
    throw_bad_input(
        glob.size() == 1
            ? fmt::format("the URL has an unmatched {}; add --globoff to send it literally", glob)
            : fmt::format("the URL has {}, which is not a glob of curl; add --globoff to send it literally", glob));
}

std::optional<std::uint64_t> to_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

bool is_letter(std::string_view text) {
    return text.size() == 1 && ((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z'));
}

void check_count(std::size_t count) {
    if (count > most_globbed_urls)
        throw_bad_input(fmt::format("the URL stands for more than {} URLs", most_globbed_urls));
}

/// `1-10`, `001-100`, `1-10:2`, `a-z`.
Texts range(std::string_view inside) {
    const auto colon = inside.find(':');
    const auto step = colon == std::string_view::npos ? 1 : to_number(inside.substr(colon + 1));
    const std::string_view ends = inside.substr(0, colon);
    const auto dash = ends.find('-');
    if (dash == std::string_view::npos || !step || *step == 0) refuse(fmt::format("[{}]", inside));
    const std::string_view first = ends.substr(0, dash), last = ends.substr(dash + 1);
    Texts texts;
    if (is_letter(first) && is_letter(last) && first[0] <= last[0]) {
        for (std::uint64_t c = static_cast<unsigned char>(first[0]); c <= static_cast<unsigned char>(last[0]);
             c += *step)
            texts.emplace_back(1, static_cast<char>(c));
        return texts;
    }
    const auto from = to_number(first), to = to_number(last);
    if (!from || !to || *from > *to) refuse(fmt::format("[{}]", inside));
    check_count((*to - *from) / *step);
    const std::size_t width = first.starts_with('0') ? first.size() : 1;
    for (std::uint64_t left = *to - *from, n = *from;; n += *step, left -= *step) {
        texts.push_back(fmt::format("{:0{}}", n, width));
        if (left < *step) return texts;
    }
}

Texts list(std::string_view inside) {
    Texts texts{""};
    for (std::size_t i = 0; i < inside.size(); ++i) {
        if (inside[i] == ',') {
            texts.emplace_back();
        } else {
            if (inside[i] == '\\' && i + 1 < inside.size()) ++i;
            texts.back() += inside[i];
        }
    }
    return texts;
}

/// `[::1]` is a host.
bool is_address(std::string_view inside) {
    return std::count(inside.begin(), inside.end(), ':') > 1 && inside.find('-') == std::string_view::npos;
}

/// The parts of a URL, each with its alternatives.
std::vector<Texts> parts_of(std::string_view url) {
    std::vector<Texts> parts;
    std::string text;
    for (std::size_t i = 0; i < url.size(); ++i) {
        const char c = url[i];
        const bool is_escaped =
            c == '\\' && i + 1 < url.size() && std::string_view("{}[]").find(url[i + 1]) != std::string_view::npos;
        if (is_escaped) {
            text += url[++i];
            continue;
        }
        if (c == ']' || c == '}') refuse(std::string(1, c));
        if (c != '[' && c != '{') {
            text += c;
            continue;
        }
        const auto end = url.find(c == '[' ? ']' : '}', i);
        if (end == std::string_view::npos) refuse(url.substr(i));
        const std::string_view inside = url.substr(i + 1, end - i - 1);
        i = end;
        if (c == '[' && is_address(inside)) {
            text.append("[").append(inside).append("]");
            continue;
        }
        parts.push_back({std::exchange(text, {})});
        parts.push_back(c == '[' ? range(inside) : list(inside));
    }
    parts.push_back({text});
    return parts;
}

}  // namespace

std::vector<std::string> expand_globs(std::string_view url) {
    Texts urls{""};
    for (const Texts& alternatives : parts_of(url)) {
        check_count(urls.size() * alternatives.size());
        Texts longer;
        longer.reserve(urls.size() * alternatives.size());
        for (const std::string& start : urls) {
            for (const std::string& text : alternatives) longer.push_back(start + text);
        }
        urls = std::move(longer);
    }
    return urls;
}

}  // namespace plait::convert
