#include "plait/batch/call/secrets.hpp"

#include "plait/base/text/trim.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

namespace plait::batch {

namespace {

/// Whether encodings of URLs, forms and JSON strings leave `c` as it is.
bool is_never_encoded(char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' ||
           c == '_';
}

/// One step of a comparison: the number of bytes of the value, and of the text that spells them; 0 if the text differs.
struct Step {
    std::size_t of_value = 0;
    std::size_t of_text = 0;
};

/// Parses the first characters of `text` as a number of this many hexadecimal digits.
std::optional<unsigned> hexadecimal(std::string_view text, std::size_t digits) {
    if (text.size() < digits) return std::nullopt;
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, number, 16);
    if (error != std::errc() || end != text.data() + digits) return std::nullopt;
    return number;
}

Step percent_step(std::string_view value, std::string_view text) {
    if (text.empty()) return {};
    if (text[0] == '%' && hexadecimal(text.substr(1), 2) == static_cast<unsigned char>(value[0])) return {1, 3};
    if (text[0] == value[0] || (text[0] == '+' && value[0] == ' ')) return {1, 1};
    return {};
}

std::size_t backslashes_before(std::string_view text) { return std::min(text.find_first_not_of('\\'), text.size()); }

std::string utf8(std::uint32_t code) {
    const auto continuation = [code](int shift) { return static_cast<char>(0x80 | (code >> shift & 0x3f)); };
    const auto first = [code](unsigned mark, int shift) { return static_cast<char>(mark | code >> shift); };
    if (code < 0x80) return {first(0, 0)};
    if (code < 0x800) return {first(0xc0, 6), continuation(0)};
    if (code < 0x10000) return {first(0xe0, 12), continuation(6), continuation(0)};
    return {first(0xf0, 18), continuation(12), continuation(6), continuation(0)};
}

/// Matches a `\u` escape, after its backslash: a single one, or both of a pair (RFC 8259, section 7).
Step unicode_step(std::string_view value, std::string_view text) {
    if (!text.starts_with('u')) return {};
    std::optional<unsigned> code = hexadecimal(text.substr(1), 4);
    if (!code) return {};
    std::size_t size = 5;
    if (*code >= 0xd800 && *code < 0xdc00) {
        const std::string_view second = text.substr(size);
        const std::size_t backslashes = backslashes_before(second);
        if (!second.substr(backslashes).starts_with('u')) return {};
        const std::optional<unsigned> low = hexadecimal(second.substr(backslashes + 1), 4);
        if (!low || *low < 0xdc00 || *low > 0xdfff) return {};
        code = 0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00);
        size += backslashes + 5;
    }
    const std::string bytes = utf8(*code);
    return value.starts_with(bytes) ? Step{bytes.size(), size} : Step{};
}

/// Returns the letter of a character's short escape, such as `\n`; 0 if it has none.
char escape_letter(char c) {
    constexpr std::string_view characters = "\"/'\b\f\n\r\t", letters = "\"/'bfnrt";
    const auto at = characters.find(c);
    return at == std::string_view::npos ? '\0' : letters[at];
}

/// Any number of backslashes counts as one, because a JSON string within a JSON string has more of them.
Step json_step(std::string_view value, std::string_view text, bool is_behind_backslash) {
    if (text.starts_with(value[0]) && value[0] != '\\') return {1, 1};
    const std::size_t backslashes = backslashes_before(text);
    if (backslashes == 0 && !is_behind_backslash) return {};
    const std::string_view escape = text.substr(backslashes);
    const char letter = escape_letter(value[0]);
    Step step = letter && escape.starts_with(letter) ? Step{1, 1} : unicode_step(value, escape);
    if (step.of_value > 0) {
        step.of_text += backslashes;
    } else if (value[0] == '\\' && backslashes > 0) {
        step = {backslashes_before(value), backslashes};
    }
    return step;
}

enum class Coding { json, percent };  // both allow the value as it is

/// Returns the end of the value if it begins at `start`; otherwise nothing.
std::optional<std::size_t> end_of(std::string_view value, std::string_view text, std::size_t start, Coding coding) {
    std::size_t at = start;
    while (!value.empty()) {
        const std::string_view rest = text.substr(at);
        const Step step = coding == Coding::percent ? percent_step(value, rest)
                                                    : json_step(value, rest, at > 0 && text[at - 1] == '\\');
        if (step.of_value == 0) return std::nullopt;
        value.remove_prefix(step.of_value);
        at += step.of_text;
    }
    return at;
}

/// The most bytes of text for one byte of a value: `\u000a` within three JSON strings.
constexpr std::size_t longest_spelling = 12;

std::size_t find_text(std::string_view text, std::string_view wanted, std::size_t from) {
    if (from > text.size()) return std::string_view::npos;
    const void* found = ::memmem(text.data() + from, text.size() - from, wanted.data(), wanted.size());
    return found ? static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) : std::string_view::npos;
}

/// Returns the start and size of the longest part of `value` that is never encoded.
std::pair<std::size_t, std::size_t> core_of(std::string_view value) {
    std::pair<std::size_t, std::size_t> longest{0, 0};
    for (std::size_t start = 0; start < value.size();) {
        const auto end =
            std::find_if_not(value.begin() + static_cast<std::ptrdiff_t>(start), value.end(), is_never_encoded);
        const auto size = static_cast<std::size_t>(end - value.begin()) - start;
        if (size > longest.second) longest = {start, size};
        start += size + 1;
    }
    return longest;
}

/// Makes a placeholder that fits into a JSON string and a header, whatever the path of a file is.
std::string placeholder(std::string_view name) {
    std::string text = fmt::format("{{{{{}}}}}", name);
    const auto is_odd = [](char c) {
        return static_cast<unsigned char>(c) < ' ' || c == '"' || c == '\\' || c == '\x7f';
    };
    std::replace_if(text.begin(), text.end(), is_odd, '?');
    return text;
}

}  // namespace

struct Secrets::Place {
    std::size_t start;
    std::size_t end;
    const Secret* secret;
};

void Secrets::add(std::string_view name, std::string_view value) {
    value = trimmed(value, " \t\r\n");
    if (value.size() < shortest) return;
    const auto is_same = [value](const Secret& secret) { return secret.value == value; };
    if (std::any_of(secrets_.begin(), secrets_.end(), is_same)) return;
    const auto [core_start, core_size] = core_of(value);
    secrets_.push_back({std::string(value), core_start, core_size, placeholder(name)});
}

void Secrets::find(const Secret& secret, std::string_view text, std::vector<Place>& places) {
    const std::string_view value = secret.value;
    const std::string_view core = value.substr(secret.core_start, secret.core_size);
    std::size_t from = 0;
    for (std::size_t hit; (hit = find_text(text, core, from)) != std::string_view::npos;) {
        const std::size_t reach = std::min(secret.core_start * longest_spelling, hit);
        const std::size_t previous_end = places.empty() || places.back().secret != &secret ? 0 : places.back().end;
        from = hit + 1;
        // From the left, because an escaped character begins with its first backslash.
        for (std::size_t start = std::max(hit - reach, previous_end); start <= hit; ++start) {
            std::optional<std::size_t> end = end_of(value, text, start, Coding::json);
            if (!end) end = end_of(value, text, start, Coding::percent);
            if (!end) continue;
            places.push_back({start, *end, &secret});
            from = std::max(from, *end);
            break;
        }
    }
}

std::vector<Secrets::Place> Secrets::find_all(std::string_view text) const {
    std::vector<Place> places;
    for (const Secret& secret : secrets_) find(secret, text, places);
    std::sort(places.begin(), places.end(),
              [](const Place& a, const Place& b) { return a.start != b.start ? a.start < b.start : a.end > b.end; });
    return places;
}

void Secrets::redact(std::string& text) const {
    const std::vector<Place> places = find_all(text);
    if (places.empty()) return;
    std::string redacted;
    std::size_t done = 0;
    for (const Place& place : places) {
        if (place.end <= done) continue;  // within another one
        if (place.start > done) redacted.append(text, done, place.start - done);
        redacted += place.secret->placeholder;
        done = place.end;
    }
    redacted.append(text, done);
    text = std::move(redacted);
}

void Secrets::redact(RareText& text) const {
    if (text.empty()) return;
    std::string redacted(text);
    redact(redacted);
    text = std::move(redacted);
}

void Secrets::redact(http::Headers& headers) const {
    const auto has_secret = [this](const http::Header& header) { return !find_all(header.value).empty(); };
    if (std::none_of(headers.begin(), headers.end(), has_secret)) return;
    http::Headers redacted;
    for (const http::Header header : headers) {
        std::string value(header.value);
        redact(value);
        redacted.add(header.name, value);
    }
    headers = std::move(redacted);
}

void Secrets::redact(Attempt& attempt) const {
    if (empty()) return;
    if (auto* response = attempt.response()) return redact(*response);
    auto& failure = *attempt.failure();
    redact(failure.message);
    if (failure.partial) redact(*failure.partial);
}

void Secrets::redact(http::Response& response) const {
    redact(response.reason);
    redact(response.headers);
    redact(response.trailers);
    redact(response.body);
    redact(response.coding);
}

}  // namespace plait::batch
