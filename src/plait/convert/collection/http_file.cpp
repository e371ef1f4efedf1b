#include "plait/convert/collection/http_file.hpp"

#include "plait/base/error.hpp"
#include "plait/base/read_file.hpp"
#include "plait/base/text/base64.hpp"
#include "plait/base/text/trim.hpp"
#include "plait/base/text/words.hpp"
#include "plait/convert/request/internal/text_bits.hpp"
#include "plait/convert/request/internal/url_text.hpp"
#include "plait/http/message/headers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

namespace plait::convert {

namespace {

using Lines = std::vector<std::string_view>;

constexpr std::array<std::string_view, 9> methods{"GET",  "POST",    "PUT",   "PATCH",  "DELETE",
                                                  "HEAD", "OPTIONS", "TRACE", "CONNECT"};
constexpr std::array<std::string_view, 8> other_protocols{"WS",   "WEBSOCKET", "GRPC",     "SSE",
                                                          "MQTT", "AMQP",      "RABBITMQ", "GRAPHQL"};

constexpr std::size_t largest_file = std::size_t{16} << 20;

template <class Words>
bool is_one_of(std::string_view text, const Words& words) {
    return std::find(words.begin(), words.end(), text) != words.end();
}

std::string_view first_word(std::string_view line) { return line.substr(0, line.find_first_of(" \t")); }

bool is_separator(std::string_view line) { return line.starts_with("###"); }

bool is_comment(std::string_view line) { return line.starts_with('#') || line.starts_with("//"); }

/// `@name = value`.
bool is_variable(std::string_view line) {
    return line.starts_with('@') && line.find('=') != std::string_view::npos && first_word(line).size() > 1;
}

bool begins_request(std::string_view line) {
    const std::string_view word = first_word(line);
    return (is_one_of(word, methods) && word.size() < line.size()) || line.starts_with("http://") ||
           line.starts_with("https://") || (line.starts_with("{{") && line.find("}}") != std::string_view::npos);
}

/// A part between two `###`.
struct Region {
    std::size_t line;
    std::string title;
    Lines lines{};
};

std::vector<Region> regions_of(std::string_view text) {
    std::vector<Region> regions(1, Region{1, ""});
    std::size_t number = 0;
    for (const std::string_view line : internal::lines_of(text)) {
        ++number;
        if (is_separator(line)) {
            regions.push_back(
                {number + 1, std::string(trimmed(line.substr(std::min(line.find_first_not_of('#'), line.size()))))});
        } else {
            regions.back().lines.push_back(line);
        }
    }
    return regions;
}

/// `# @name value`: what stands behind the name; nothing if the line is no such setting.
std::optional<std::string> setting(std::string_view line, std::string_view name) {
    if (!is_comment(line)) return std::nullopt;
    line = trimmed(line.substr(line.starts_with('#') ? 1 : 2));
    if (!line.starts_with('@') || first_word(line.substr(1)) != name) return std::nullopt;
    return std::string(trimmed(line.substr(name.size() + 1)));
}

/// Makes the request of one region.
class RegionReader {
  public:
    RegionReader(const Input& input, Region region, const Variables& variables)
        : input_(input), region_(std::move(region)), variables_(variables) {
        find_request();
    }

    bool has_request() const noexcept { return at_ < region_.lines.size(); }
    bool is_disabled() const noexcept { return is_disabled_; }
    bool has_script() const noexcept { return has_script_; }
    std::size_t line() const noexcept { return region_.line + at_; }

    Request request() {
        if (is_repeated_) throw_bad_input("it is sent in a loop (# @loop)");
        Request request = request_of_line();
        request.id = region_.title;
        read_headers(request);
        read_body(request);
        return request;
    }

  private:
    /// Leaves `at_` at the line with the URL, and takes the settings before it.
    void find_request() {
        for (; at_ < region_.lines.size(); ++at_) {
            const std::string_view line = trimmed(region_.lines[at_]);
            if (const auto name = setting(line, "name")) region_.title = *name;
            if (setting(line, "disabled")) is_disabled_ = true;
            if (setting(line, "loop")) is_repeated_ = true;
            const bool opens = line == "{{" || line.starts_with("{{@") || line.starts_with("< {%");
            if (opens) skip_script(line.starts_with('<') ? "%}" : "}}");
            if (!opens && !line.empty() && !is_comment(line) && !is_variable(line)) return;
        }
    }

    void skip_script(std::string_view end) {
        has_script_ = true;
        while (at_ < region_.lines.size() && !trimmed(region_.lines[at_]).ends_with(end)) ++at_;
    }

    std::string expand(std::string_view text) const { return variables_.expand(text); }

    /// `POST https://a.example/ HTTP/1.1`, or a URL alone; the query may go on in lines that begin with `?` or `&`.
    Request request_of_line() {
        std::string_view line = trimmed(region_.lines[at_++]);
        std::string method = "GET";
        const std::string_view word = first_word(line);
        if (is_one_of(word, other_protocols)) throw_bad_input(fmt::format("it is {}, not HTTP", word));
        if (is_one_of(word, methods)) {
            method = word;
            line = trimmed(line.substr(word.size()));
        }
        if (const auto version = line.rfind(" HTTP/"); version != std::string_view::npos)
            line = trimmed(line.substr(0, version));
        std::string url(line);
        for (; at_ < region_.lines.size(); ++at_) {
            const std::string_view more = trimmed(region_.lines[at_]);
            const bool goes_on = region_.lines[at_].starts_with(' ') || region_.lines[at_].starts_with('\t');
            if (!goes_on || (!more.starts_with('?') && !more.starts_with('&') && !more.starts_with('/'))) break;
            url += more;
        }
        internal::UrlText whole(expand(url));
        whole.remove_dot_segments();
        return Request(std::move(method), whole.with_user());
    }

    void read_headers(Request& request) {
        for (; at_ < region_.lines.size(); ++at_) {
            const std::string_view line = trimmed(region_.lines[at_]);
            if (line.empty()) break;
            if (is_comment(line)) continue;
            const auto colon = line.find(':');
            if (colon == std::string_view::npos)
                throw_bad_input(fmt::format("line {} is not a header: it has no colon", region_.line + at_));
            const std::string name = expand(trimmed(line.substr(0, colon)));
            std::string value = expand(trimmed(line.substr(colon + 1)));
            if (http::equal_ignoring_case(name, "x-request-type"))
                throw_bad_input(fmt::format("it is {}", printable(value)));
            if (http::equal_ignoring_case(name, "authorization")) value = login(value);
            request.headers.emplace_back(name, std::move(value));
        }
    }

    /// `Basic user password` and `Basic user:password` are encoded.
    static std::string login(const std::string& value) {
        const std::string_view scheme = first_word(value);
        if (!http::equal_ignoring_case(scheme, "basic")) return value;
        std::string user(trimmed(std::string_view(value).substr(scheme.size())));
        const auto mark = user.find_first_of(" :");
        if (mark == std::string::npos) return value;
        user.replace(mark, 1, ":");
        std::string encoded;
        append_base64(encoded, user);
        return "Basic " + encoded;
    }

    static bool is_after_body(std::string_view line) {
        return line.starts_with("> ") || line.starts_with(">> ") || line.starts_with(">>! ") ||
               line.starts_with("?? ") || line.starts_with("<> ");
    }

    /// The lines of the body, without what tells about the answer, and blank lines around.
    Lines body_lines() {
        Lines lines(region_.lines.begin() + static_cast<std::ptrdiff_t>(std::min(at_, region_.lines.size())),
                    region_.lines.end());
        const auto end = std::find_if(lines.begin(), lines.end(),
                                      [](std::string_view line) { return is_after_body(line) || line == "{{"; });
        lines.erase(end, lines.end());
        const auto is_blank = [](std::string_view line) { return trimmed(line).empty(); };
        while (!lines.empty() && is_blank(lines.back())) lines.pop_back();
        lines.erase(lines.begin(), std::find_if_not(lines.begin(), lines.end(), is_blank));
        return lines;
    }

    void read_body(Request& request) {
        const Lines lines = body_lines();
        if (lines.empty()) return;
        const std::string* type = request.header("Content-Type");
        if (lines.size() == 1 && lines[0].starts_with("< ")) {
            request.body_file = input_.beside(expand(trimmed(lines[0].substr(1))));
        } else if (type && type->starts_with("application/x-www-form-urlencoded")) {
            request.body = form_of(lines);
        } else {
            const bool is_multipart = type && type->starts_with("multipart/");
            request.body = text_of(lines, is_multipart ? "\r\n" : "\n");
        }
    }

    std::string text_of(const Lines& lines, std::string_view line_end) const {
        std::string body;
        for (std::size_t n = 0; n < lines.size(); ++n) {
            if (n > 0) body += line_end;
            if (lines[n].starts_with("<@")) throw_bad_input("its body is a file with variables (<@)");
            const bool is_file = lines[n].starts_with("< ");
            body += is_file ? read_file(input_.beside(expand(trimmed(lines[n].substr(1)))), largest_file)
                            : expand(lines[n]);
        }
        return body;
    }

    /// The lines as one, with blanks and characters outside ASCII percent-encoded.
    std::string form_of(const Lines& lines) const {
        std::string joined;
        for (const std::string_view line : lines) joined += trimmed(line);
        std::string form;
        for (const char c : expand(joined)) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte <= 0x20 || byte >= 0x7f) {
                form += internal::percent_encoded({&c, 1});
            } else {
                form += c;
            }
        }
        return form;
    }

    const Input& input_;
    Region region_;
    const Variables& variables_;
    std::size_t at_ = 0;
    bool is_disabled_ = false;
    bool is_repeated_ = false;
    bool has_script_ = false;
};

}  // namespace

bool is_http_file(const Input& input) {
    const Lines lines = internal::lines_of(input.text);
    bool has_request = false, is_after_blank = false, has_more = input.has_ending(".http") || input.has_ending(".rest");
    for (const std::string_view line : lines) {
        const std::string_view text = trimmed(line);
        if (is_separator(line) || is_variable(text)) has_more = true;
        if (begins_request(text)) {
            has_request = true;
        } else if (!has_request && !text.empty() && !is_comment(text) && !is_variable(text)) {
            return false;
        } else if (has_request && is_after_blank && !text.empty() && !is_comment(text)) {
            has_more = true;  // a body, which targets of vegeta don't have
        }
        is_after_blank = text.empty();
    }
    return has_request && has_more;
}

void read_http_file(const Input& input, Conversion& conversion) {
    Variables variables = input.variables;
    for (const std::string_view line : internal::lines_of(input.text)) {
        const std::string_view text = trimmed(line);
        if (!is_variable(text)) continue;
        const auto equals = text.find('=');
        variables.set(trimmed(text.substr(1, equals - 1)), trimmed(text.substr(equals + 1)));
    }
    conversion.know_secrets(variables.secret_values());
    for (Region& region : regions_of(input.text)) {
        RegionReader reader(input, std::move(region), variables);
        if (!reader.has_request()) continue;
        const std::string where = fmt::format("{}line {}", input.prefix, reader.line());
        if (reader.is_disabled()) {
            conversion.leave_out(where, "it is disabled");
            continue;
        }
        if (reader.has_script()) conversion.advise(fmt::format("{} has a script before it, which was not run", where));
        conversion.attempt(where, [&] { conversion.add(where, reader.request()); });
    }
}

}  // namespace plait::convert
