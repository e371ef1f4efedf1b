#include "plait/convert/curl/curl_operation.hpp"

#include "plait/base/error.hpp"
#include "plait/base/read_file.hpp"
#include "plait/base/text/base64.hpp"
#include "plait/base/text/trim.hpp"
#include "plait/base/text/words.hpp"
#include "plait/convert/curl/url_globs.hpp"
#include "plait/convert/request/internal/text_bits.hpp"
#include "plait/convert/request/internal/url_text.hpp"
#include "plait/http/message/headers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>

namespace plait::convert {

namespace {

constexpr std::size_t largest_data = std::size_t{16} << 20;  // a request line may have twice as much

std::string data_of(const std::string& path) {
    if (path == "-") throw_bad_input("it sends its standard input");
    return read_file(path, largest_data);
}

/// curl drops line breaks and NUL in a file for `--data`.
std::string without_line_breaks(std::string text) {
    std::erase_if(text, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
    return text;
}

/// curl's form encoding: as percent-encoding, with `+` for a blank.
std::string form_encoded(std::string_view text) {
    std::string encoded;
    while (!text.empty()) {
        const std::string_view plain = text.substr(0, text.find(' '));
        encoded += internal::percent_encoded(plain);
        text.remove_prefix(plain.size());
        if (text.empty()) break;
        encoded += '+';
        text.remove_prefix(1);
    }
    return encoded;
}

/// `content`, `=content`, `name=content`, `@file`, `name@file` (curl(1), --data-urlencode).
std::string url_encoded_data(const std::string& value) {
    const auto mark = value.find_first_of("=@");
    if (mark == std::string::npos) return form_encoded(value);
    const std::string behind = value.substr(mark + 1);
    const std::string content = form_encoded(value[mark] == '=' ? behind : data_of(behind));
    return mark == 0 ? content : value.substr(0, mark) + "=" + content;
}

/// What curl 7.88 appends to a query gets small letters in its percent-encoding.
std::string as_curl_appends(std::string text) {
    for (std::size_t i = 0; i + 2 < text.size(); ++i) {
        if (text[i] != '%') continue;
        text[i + 1] = http::to_lower(text[i + 1]);
        text[i + 2] = http::to_lower(text[i + 2]);
    }
    return text;
}

/// The types that curl knows by a file's name.
std::string type_of(std::string_view file) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 10> types{{{".gif", "image/gif"},
                                                                                   {".jpg", "image/jpeg"},
                                                                                   {".jpeg", "image/jpeg"},
                                                                                   {".png", "image/png"},
                                                                                   {".svg", "image/svg+xml"},
                                                                                   {".txt", "text/plain"},
                                                                                   {".htm", "text/html"},
                                                                                   {".html", "text/html"},
                                                                                   {".pdf", "application/pdf"},
                                                                                   {".xml", "application/xml"}}};
    for (const auto& [ending, type] : types) {
        if (file.size() >= ending.size() && http::equal_ignoring_case(file.substr(file.size() - ending.size()), ending))
            return std::string(type);
    }
    return {};
}

/// The text up to `;`, or a quoted one. Removes it from `rest`.
std::string take_form_word(std::string_view& rest) {
    std::string word;
    if (!rest.starts_with('"')) {
        word = rest.substr(0, rest.find(';'));
        rest.remove_prefix(word.size());
        return word;
    }
    std::size_t i = 1;
    for (; i < rest.size() && rest[i] != '"'; ++i) {
        if (rest[i] == '\\' && i + 1 < rest.size() && (rest[i + 1] == '\\' || rest[i + 1] == '"')) ++i;
        word += rest[i];
    }
    rest.remove_prefix(std::min(i + 1, rest.size()));
    rest.remove_prefix(std::min(rest.find(';'), rest.size()));
    return word;
}

/// `;type=text/plain;filename=a.txt`.
void take_form_settings(std::string_view rest, FormPart& part) {
    while (rest.starts_with(';')) {
        rest.remove_prefix(1);
        skip_blanks(rest);
        const std::string_view name = rest.substr(0, rest.find('='));
        rest.remove_prefix(std::min(name.size() + 1, rest.size()));
        const std::string value = take_form_word(rest);
        if (name == "type") {
            part.type = value;
        } else if (name == "filename") {
            part.filename = value;
        } else if (name == "headers" || name == "encoder") {
            throw_bad_input(fmt::format("a part of its form has {}=", name));
        } else if (!part.type.empty()) {
            part.type.append(";").append(name).append("=").append(value);  // a parameter of the type
        }
    }
}

}  // namespace

void CurlOperation::take(const CurlArgument& argument) {
    const std::string_view option = argument.option->name;
    const std::string& value = argument.value;
    if (option == "upload-file" && !upload_.empty())
        throw_bad_input("it uploads several files: write a command for each");
    if (option.starts_with("data")) return take_data(option, value);
    if (option == "url") {
        urls_.push_back(value);
    } else if (option == "json") {
        take_json(value);
    } else if (option == "form") {
        take_form(value);
    } else if (option == "form-string") {
        const auto equals = std::min(value.find('='), value.size());
        parts_.push_back({value.substr(0, equals), value.substr(std::min(equals + 1, value.size()))});
    } else if (option == "header") {
        take_header(value);
    } else if (option == "cookie") {
        take_cookie(value);
    } else if (option == "max-time") {
        double seconds = 0;
        std::from_chars(value.data(), value.data() + value.size(), seconds);
        if (seconds > 0) max_time_ = seconds;
    } else if (!take_switch(option) && !take_text_option(option, value)) {
        throw_bad_input(fmt::format("--{} stands in a place that plait convert does not know", option));
    }
}

bool CurlOperation::take_switch(std::string_view option) {
    if (option == "get") return gets_ = true;
    if (option == "head") return heads_ = true;
    if (option == "globoff") return !(globs_ = false);
    return option == "path-as-is" && (keeps_dots_ = true);
}

bool CurlOperation::take_text_option(std::string_view option, const std::string& value) {
    const std::pair<std::string_view, std::string*> texts[] = {
        {"request", &method_}, {"user", &user_},       {"oauth2-bearer", &bearer_}, {"user-agent", &agent_},
        {"range", &range_},    {"referer", &referer_}, {"upload-file", &upload_},
    };
    for (const auto& [name, text] : texts) {
        if (name != option) continue;
        *text = value;
        return true;
    }
    if (option != "url-query") return false;
    url_query_.append(url_query_.empty() ? "" : "&");
    url_query_ += value.starts_with('+') ? value.substr(1) : url_encoded_data(value);
    return true;
}

void CurlOperation::take_data(std::string_view option, const std::string& value) {
    const bool is_file = value.starts_with('@') && option != "data-raw" && option != "data-urlencode";
    std::string more = value;
    if (option == "data-urlencode") {
        more = url_encoded_data(value);
    } else if (is_file) {
        more = data_of(value.substr(1));
        if (option != "data-binary") more = without_line_breaks(std::move(more));
    }
    if (data_) data_->append("&");
    data_ = data_.value_or("") + more;
}

void CurlOperation::take_json(const std::string& value) {
    is_json_ = true;
    data_ = data_.value_or("") + (value.starts_with('@') ? data_of(value.substr(1)) : value);
}

void CurlOperation::take_form(const std::string& value) {
    const auto equals = value.find('=');
    if (equals == std::string::npos) throw_bad_input("a part of its form has no '='");
    FormPart part{value.substr(0, equals), {}};
    std::string_view rest = std::string_view(value).substr(equals + 1);
    const char mark = rest.empty() ? '\0' : rest[0];
    if (mark == '@' || mark == '<') rest.remove_prefix(1);
    const std::string word = take_form_word(rest);
    if (mark == '@') {
        if (word == "-") throw_bad_input("it sends its standard input");
        if (word.find(',') != std::string::npos) throw_bad_input("its form has several files in one part");
        part.file = word;
        part.type = type_of(word);
    } else {
        part.value = mark == '<' ? data_of(word) : word;
    }
    take_form_settings(rest, part);
    parts_.push_back(std::move(part));
}

void CurlOperation::take_header(const std::string& value) {
    if (value.starts_with('@')) {
        const std::string text = data_of(value.substr(1));
        for (const std::string_view line : internal::lines_of(text)) {
            if (!line.empty()) take_header(std::string(line));
        }
        return;
    }
    const auto mark = value.find_first_of(":;");
    if (mark == std::string::npos) return;  // curl drops it as well
    const std::string name(trimmed(std::string_view(value).substr(0, mark)));
    const std::string_view text = trimmed(std::string_view(value).substr(mark + 1), " \t\r\n");
    if (text.empty() && value[mark] == ':') {
        headers_.emplace_back(name, std::nullopt);
    } else if (value[mark] == ':' || text.empty()) {
        headers_.emplace_back(name, std::string(text));
    }
}

void CurlOperation::take_cookie(const std::string& value) {
    if (value.empty()) return;  // keeps cookies between redirects
    if (value.find('=') == std::string::npos) {
        throw_bad_input(
            fmt::format("its cookies are in the file '{}': give it to plait run --cookies", printable(value)));
    }
    cookies_.append(cookies_.empty() ? "" : "; ").append(value);
}

std::vector<Request> CurlOperation::requests() const {
    std::vector<Request> requests;
    for (const std::string& url : urls_) {
        for (const std::string& one : globs_ ? expand_globs(url) : std::vector{url})
            requests.push_back(request_to(one));
    }
    return requests;
}

Request CurlOperation::request_to(const std::string& url) const {
    Request request(method(), target_of(url));
    request.timeout_s = max_time_;
    add_headers(request);
    if (!upload_.empty()) {
        if (upload_ == "-" || upload_ == ".") throw_bad_input("it sends its standard input");
        request.body_file = upload_;
    } else if (!parts_.empty()) {
        request.parts = parts_;
    } else if (data_ && !gets_ && !heads_) {
        request.body = data_;
    }
    return request;
}

std::string CurlOperation::method() const {
    if (!method_.empty()) return method_;
    if (heads_) return "HEAD";
    if (!upload_.empty()) return "PUT";
    return (data_ || !parts_.empty()) && !gets_ ? "POST" : "GET";
}

std::string CurlOperation::target_of(const std::string& url) const {
    internal::UrlText target(url);
    if (!keeps_dots_) target.remove_dot_segments();
    // With both, curl 7.88 sends the data alone.
    target.append_query(as_curl_appends(gets_ || heads_ ? data_.value_or("") : url_query_));
    std::string text = target.with_user();
    if (!upload_.empty() && (target.path().empty() || target.path().ends_with('/'))) {
        const std::string name = internal::percent_encoded(std::filesystem::path(upload_).filename().string());
        text.insert(std::min(text.find('?'), text.size()), (target.path().empty() ? "/" : "") + name);
    }
    return text;
}

std::optional<std::string> CurlOperation::own_header(std::string_view name) const {
    for (const auto& [own, value] : headers_) {
        if (http::equal_ignoring_case(own, name)) return value.value_or("");
    }
    return std::nullopt;
}

/// In curl's order, its own ones as far as they are no default of curl.
void CurlOperation::add_headers(Request& request) const {
    const auto add = [&](std::string_view name, const std::string& value) {
        if (!value.empty() && !own_header(name)) request.headers.emplace_back(name, value);
    };
    if (!user_.empty() && bearer_.empty()) {
        if (user_.find(':') == std::string::npos)
            throw_bad_input("curl would ask for its password: write --user NAME:PASSWORD");
        std::string encoded;
        append_base64(encoded, user_);
        add("Authorization", "Basic " + encoded);
    }
    if (!bearer_.empty()) add("Authorization", "Bearer " + bearer_);
    if (!range_.empty()) add("Range", "bytes=" + range_);
    add("User-Agent", agent_);
    const bool follows = referer_.ends_with(";auto");
    add("Referer", follows ? referer_.substr(0, referer_.size() - 5) : referer_);
    add("Cookie", cookies_);
    for (const auto& [name, value] : headers_) {
        if (value) request.headers.emplace_back(name, *value);
    }
    const bool sends_data = data_ && !gets_ && !heads_ && parts_.empty() && upload_.empty();
    if (is_json_) {
        add("Content-Type", "application/json");
        add("Accept", "application/json");
    } else if (sends_data) {
        add("Content-Type", "application/x-www-form-urlencoded");
    }
}

}  // namespace plait::convert
