#include "plait/convert/list/har.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/base64.hpp"
#include "plait/base/text/words.hpp"
#include "plait/convert/request/internal/json_tree.hpp"
#include "plait/convert/request/internal/url_text.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/http/message/url.hpp"
#include "plait/json/value.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <utility>

namespace plait::convert {

namespace {

namespace ondemand = simdjson::ondemand;

/// Validators of a browser's cache, what a browser says of itself and of the page, and codings, which plait negotiates.
/// `If-Match` stays: it protects from overwriting.
constexpr std::array<std::string_view, 3> dropped_headers{"accept-encoding", "if-none-match", "if-modified-since"};

constexpr std::string_view no_binary = "browsers record neither files nor binary data";

bool is_dropped(std::string_view name) {
    const std::string lower = http::lower(name);
    return lower.starts_with("sec-") ||
           std::find(dropped_headers.begin(), dropped_headers.end(), lower) != dropped_headers.end();
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// The text as bytes of ISO 8859-1; nothing if it has a character beyond U+00FF.
std::optional<std::string> as_latin1(std::string_view utf8) {
    std::string bytes;
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        const auto byte = static_cast<unsigned char>(utf8[i]);
        if (byte < 0x80) {
            bytes += utf8[i];
            continue;
        }
        if (byte > 0xc3 || i + 1 == utf8.size()) return std::nullopt;
        bytes += static_cast<char>((byte & 3u) << 6 | (static_cast<unsigned char>(utf8[++i]) & 0x3fu));
    }
    return bytes;
}

std::optional<std::uint64_t> to_size(std::string_view text) {
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return size;
}

/// One file's entries.
class HarReader {
  public:
    HarReader(const Input& input, Conversion& conversion) : input_(input), conversion_(conversion) {}

    void read() {
        json::PaddedText padded;
        ondemand::parser parser;
        ondemand::document document = parser.iterate(padded.assign({input_.text}));
        ondemand::object log = document["log"];
        for (ondemand::value element : log["entries"].get_array()) {
            ++number_;
            ondemand::object entry;
            ondemand::value request;
            simdjson::error_code error = element.get_object().get(entry);
            if (!error) error = entry["request"].get(request);
            if (!error && request.type() != ondemand::json_type::object) error = simdjson::INCORRECT_TYPE;
            const bool is_odd = error == simdjson::NO_SUCH_FIELD || error == simdjson::INCORRECT_TYPE;
            if (error && !is_odd) throw simdjson::simdjson_error(error);  // the text itself is broken
            if (is_odd) {
                conversion_.refuse(fmt::format("{}entry {}", input_.prefix, number_), "it has no request");
            } else {
                read_entry(entry, internal::to_tree(request));
            }
        }
    }

  private:
    void read_entry(ondemand::object entry, const Tree& request) {
        // The answer's body may be large, and is not needed.
        const std::string status = scalar_of(entry, "response", "status");
        const std::string location = scalar_of(entry, "response", "redirectURL");
        std::string_view kind;
        if (entry["_resourceType"].get_string().get(kind)) kind = {};
        const bool is_preflight = kind == "preflight";
        add(request, is_preflight);
        if (status.size() == 3 && status[0] == '3' && !location.empty()) expect_redirect(request, status, location);
    }

    static std::string scalar_of(ondemand::object entry, std::string_view outer, std::string_view inner) {
        ondemand::object object;
        ondemand::value value;
        if (entry[outer].get_object().get(object) || object[inner].get(value)) return {};
        const ondemand::json_type type = value.type();
        if (type == ondemand::json_type::array || type == ondemand::json_type::object) return {};
        return internal::to_tree(value).text();
    }

    void add(const Tree& request, bool is_preflight) {
        const std::string& url = request["url"].text();
        std::string where = fmt::format("{}entry {} ({})", input_.prefix, number_,
                                        internal::request_name(request["method"].text(), url));
        if (url.starts_with("ws:") || url.starts_with("wss:")) return conversion_.refuse(where, "it is a WebSocket");
        if (!url.starts_with("http:") && !url.starts_with("https:"))
            return conversion_.leave_out(where, "it is not an HTTP request");
        if (is_preflight) return conversion_.leave_out(where, "it is a browser's preflight");
        const auto redirect = redirects_.find({request["method"].text(), url});
        if (redirect != redirects_.end()) {
            const std::size_t first = redirect->second;
            redirects_.erase(redirect);
            return conversion_.leave_out(where,
                                         fmt::format("it follows the redirect of entry {}, as plait run does", first));
        }
        conversion_.attempt(where, [&] { conversion_.add(where, to_request(request)); });
    }

    /// Notes what the browser requested next, if `plait run` does so by itself (http/redirects).
    void expect_redirect(const Tree& request, std::string_view status, const std::string& location) {
        try {
            const http::Url from(request["url"].text());
            const http::Url to = from.resolve(location);
            std::string method = request["method"].text();
            const bool is_read = method == "GET" || method == "HEAD";
            if (status == "303" && !is_read) method = "GET";
            const bool repeats = (status == "307" || status == "308") && from.origin() == to.origin();
            if (from.is_https() && !to.is_https()) return;
            if (is_read || status == "303" || repeats) redirects_.emplace(std::pair(method, to.text()), number_);
        } catch (const Error&) {
            // A Location that can't be followed led to no request.
        }
    }

    Request to_request(const Tree& from) {
        Request request(from["method"].text(), from["url"].text());
        std::optional<std::uint64_t> length;  // the header, which is right where `bodySize` is 0 for a file
        for (const Tree& header : from["headers"].items()) {
            const std::string& name = header["name"].text();
            const std::string& value = header["value"].text();
            if (http::equal_ignoring_case(name, "content-length")) length = to_size(value);
            if (!is_dropped(name)) request.headers.emplace_back(name, value);
        }
        const bool is_sure = length.has_value();
        if (!length) length = to_size(from["bodySize"].text());  // -1: unknown
        const Tree& data = from["postData"];
        if (data["text"].text().empty() && data["_file"].text().empty()) {
            if (!data["params"].items().empty())
                throw_bad_input("the file has the fields of its form, and not the bytes that were sent");
            check_no_body(is_sure || data.has_value(), length, request);
        } else {
            read_body(data, length, request);
        }
        return request;
    }

    void read_body(const Tree& from, std::optional<std::uint64_t> length, Request& request) const {
        if (const std::string& file = from["_file"].text(); !file.empty()) {
            request.body_file = input_.beside(file);
            return;
        }
        if (from["encoding"].text() == "base64") {
            request.body = decode_base64(from["text"].text());
            if (!request.body) throw_bad_input("its body is not base64");
            return;
        }
        const std::string* type = request.header("Content-Type");
        const std::string* coding = request.header("Content-Encoding");
        const std::string& text = from["text"].text();
        HarBody body{text, length};
        body.is_coded = coding != nullptr;
        body.is_json = type && type->find("json") != std::string::npos;
        HarBytes found = bytes_of(body);
        if (found.is_decoded) request.remove_header("Content-Encoding");
        if (!found.bytes.empty()) request.body = std::move(found.bytes);
    }

    /// Without a text there may have been a body all the same: of a Blob, or a form with a file, browsers say nothing
    /// but its type.
    static void check_no_body(bool is_sure, std::optional<std::uint64_t> length, const Request& request) {
        if (length.value_or(0) > 0)
            throw_bad_input(fmt::format("the file does not have its body of {} bytes: {}", *length, no_binary));
        const bool has_type = request.header("Content-Type") && request.method != "GET" && request.method != "HEAD";
        if (has_type && !is_sure)
            throw_bad_input(fmt::format("the file has a type for its body, and no body: {}", no_binary));
    }

    const Input& input_;
    Conversion& conversion_;
    std::size_t number_ = 0;
    /// The requests that follow from redirects, and from which entry.
    std::multimap<std::pair<std::string, std::string>, std::size_t> redirects_;
};

}  // namespace

HarBytes bytes_of(const HarBody& body) {
    const std::string_view text = body.text;
    // One U+FFFD may stand for three bytes of a cut character, so that even the length fits.
    const bool is_damaged = text.find("\xef\xbf\xbd") != std::string_view::npos;
    if (!is_damaged) {
        if (body.size ? text.size() == *body.size : is_ascii(text)) return {std::string(text), false};
        const auto latin1 = as_latin1(text);
        if (latin1 && body.size && latin1->size() == *body.size) return {*latin1, false};
        if (body.is_coded && !text.empty() && (is_ascii(text) || body.is_json)) return {std::string(text), true};
    }
    if (!body.size) throw_bad_input("its body may have been binary: the file does not say how long it was");
    throw_bad_input(
        fmt::format("its body was {} bytes, and is not what the file has: it was binary, or cut", *body.size));
}

bool is_har(const Input& input) {
    constexpr std::string_view blanks = " \t\r\n", log = "\"log\"";
    const auto first = input.text.find_first_not_of(blanks);
    if (input.text[first] != '{') return false;
    const std::string_view start = std::string_view(input.text).substr(first + 1, 4096);
    const auto at = start.find(log);
    if (at == std::string_view::npos) return false;
    if (start.find_first_not_of(blanks) == at) return true;
    const auto colon = start.find_first_not_of(blanks, at + log.size());  // members of its own are before it
    return colon != std::string_view::npos && start[colon] == ':' &&
           input.text.find("\"entries\"") != std::string::npos;
}

void read_har(const Input& input, Conversion& conversion) {
    try {
        HarReader(input, conversion).read();
    } catch (const simdjson::simdjson_error& error) {
        throw_bad_input(fmt::format("{} is not a HAR, or is cut: {}", input.name(), error.what()));
    }
}

}  // namespace plait::convert
