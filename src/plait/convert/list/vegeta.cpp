#include "plait/convert/list/vegeta.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/base64.hpp"
#include "plait/base/text/trim.hpp"
#include "plait/base/text/words.hpp"
#include "plait/convert/request/internal/text_bits.hpp"
#include "plait/convert/request/tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace plait::convert {

namespace {

using Lines = std::vector<std::string_view>;

/// `GET http://a.example/`.
bool begins_target(std::string_view line) {
    const auto blank = line.find(' ');
    return blank != std::string_view::npos && blank > 0 &&
           std::all_of(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(blank),
                       [](char c) { return c >= 'A' && c <= 'Z'; }) &&
           line.find("://", blank) != std::string_view::npos;
}

std::optional<std::string_view> first_line(std::string_view text) {
    for (std::string_view line : internal::lines_of(text)) {
        line = trimmed(line);
        if (!line.empty() && !line.starts_with('#')) return line;
    }
    return std::nullopt;
}

bool is_json_target(std::string_view line) {
    try {
        const Tree target = read_json(line);
        const auto is_known = [](const std::string& name) {
            return name == "method" || name == "url" || name == "body" || name == "header";
        };
        const std::string& body = target["body"].text();
        return target["method"].is(Tree::Kind::text) && target["url"].is(Tree::Kind::text) &&
               std::all_of(target.names().begin(), target.names().end(), is_known) &&
               (body.empty() || decode_base64(body));
    } catch (const Error&) {
        return false;
    }
}

Request json_target(std::string_view line) {
    const Tree target = read_json(line);
    Request request(target["method"].text(), target["url"].text());
    const Tree& header = target["header"];
    for (std::size_t n = 0; n < header.names().size(); ++n) {
        for (const Tree& value : header.items()[n].items())
            request.headers.emplace_back(header.names()[n], value.text());
    }
    const std::string& body = target["body"].text();
    if (body.empty()) return request;
    request.body = decode_base64(body);
    if (!request.body) throw_bad_input("its body is not base64, as vegeta's are");
    return request;
}

/// Takes one target of the format http off the lines from `at` on.
Request http_target(const Lines& lines, std::size_t& at) {
    const std::string_view first = lines[at++];
    const auto blank = first.find(' ');
    Request request(std::string(first.substr(0, blank)), std::string(trimmed(first.substr(blank))));
    for (; at < lines.size() && !lines[at].empty() && !begins_target(lines[at]); ++at) {
        const std::string_view line = lines[at];
        if (line.starts_with('#')) continue;
        if (line.starts_with('@')) {
            ++at;
            request.body_file = in_working_directory(line.substr(1));
            break;
        }
        const auto colon = line.find(':');
        const std::size_t number = at + 1;
        if (colon == std::string_view::npos) {
            while (at < lines.size() && !lines[at].empty() && !begins_target(lines[at])) ++at;
            throw_bad_input(fmt::format("line {} is not a header: it has no colon", number));
        }
        request.headers.emplace_back(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
    }
    return request;
}

void read_http(const Input& input, Conversion& conversion) {
    Lines lines = internal::lines_of(input.text);
    for (std::string_view& line : lines) line = trimmed(line);
    for (std::size_t at = 0; at < lines.size();) {
        const std::string where = fmt::format("{}line {}", input.prefix, at + 1);
        if (lines[at].empty() || lines[at].starts_with('#')) {
            ++at;
        } else if (!begins_target(lines[at])) {
            conversion.refuse(where, "it is not METHOD URL");
            ++at;
        } else {
            conversion.attempt(where, [&] { conversion.add(where, http_target(lines, at)); });
        }
    }
}

void read_json_lines(const Input& input, Conversion& conversion) {
    std::size_t number = 0;
    for (const std::string_view line : internal::lines_of(input.text)) {
        ++number;
        if (trimmed(line).empty()) continue;
        const std::string where = fmt::format("{}line {}", input.prefix, number);
        conversion.attempt(where, [&] { conversion.add(where, json_target(line)); });
    }
}

bool is_json(std::string_view text) {
    const auto first = first_line(text);
    return first && first->starts_with('{');
}

}  // namespace

bool is_vegeta(const Input& input) {
    const auto first = first_line(input.text);
    return first && (first->starts_with('{') ? is_json_target(*first) : begins_target(*first));
}

void read_vegeta(const Input& input, Conversion& conversion) {
    if (is_json(input.text)) return read_json_lines(input, conversion);
    read_http(input, conversion);
}

}  // namespace plait::convert
