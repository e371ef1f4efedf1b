#include "plait/batch/request_line.hpp"

#include "plait/base/clock.hpp"
#include "plait/base/error.hpp"
#include "plait/batch/internal/base64.hpp"
#include "plait/batch/internal/json_text.hpp"
#include "plait/batch/internal/json_value.hpp"
#include "plait/batch/nearest_name.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>
#include <vector>

namespace plait::batch {

namespace {

namespace json = simdjson::ondemand;

/// A longer time limit is a typing error.
constexpr double longest_timeout_seconds = 7 * 24 * 3600;

bool has_scheme(std::string_view url) {
    const auto colon = url.find("://");
    return colon != std::string_view::npos && url.find_first_of("/?#") > colon;
}

http::Url whole_url(std::string_view url, const std::string& base) {
    if (base.empty() || has_scheme(url)) return http::Url(url);
    std::string_view front = base;
    if (front.ends_with('/')) front.remove_suffix(1);
    return http::Url(fmt::format("{}{}{}", front, url.starts_with('/') || url.starts_with('?') ? "" : "/", url));
}

/// Counts characters, not bytes, as editors do.
std::size_t column_of(const char* at, std::string_view text) {
    const std::string_view before = text.substr(0, static_cast<std::size_t>(at - text.data()));
    const auto is_start = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
    return static_cast<std::size_t>(std::count_if(before.begin(), before.end(), is_start)) + 1;
}

[[noreturn]] void refuse(const std::string& reason) { throw Error(ErrorCode::bad_input, reason); }

/// What simdjson found wrong. A wrong type is refused in the words of `wanted`; anything else is no JSON.
void expect(simdjson::error_code error, std::string_view name, std::string_view wanted) {
    if (error == simdjson::INCORRECT_TYPE) refuse(fmt::format("\"{}\" must be {}", name, wanted));
    if (error) throw simdjson::simdjson_error(error);
}

json::json_type type_of(json::value value) { return value.type().value(); }

}  // namespace

std::optional<std::string> process_environment(std::string_view name) {
    const char* value = std::getenv(std::string(name).c_str());
    if (!value) return std::nullopt;
    return value;
}

std::string expand_environment(std::string_view value, const Environment& environment) {
    constexpr std::string_view opening = "{{env.", closing = "}}";
    std::string expanded;
    for (;;) {
        const auto start = value.find(opening);
        expanded += value.substr(0, start);
        if (start == std::string_view::npos) return expanded;
        value.remove_prefix(start + opening.size());
        const auto end = value.find(closing);
        if (end == std::string_view::npos) refuse("{{env. has no }} behind it");
        const std::string_view name = value.substr(0, end);
        const std::optional<std::string> found = environment(name);
        if (!found) refuse(fmt::format("the environment variable {} is not set", name));
        expanded += *found;
        value.remove_prefix(end + closing.size());
    }
}

std::string checked_base_url(std::string_view url) {
    if (url.find_first_of("?#") != std::string_view::npos) refuse("a base URL has no query and no fragment");
    (void)http::Url(url);  // throws when it is none
    return std::string(url);
}

struct RequestReader::Buffers {
    internal::PaddedText text;
    json::parser parser;
};

/// Reads one line: each field by its own function, then the call that they make together.
class RequestReader::LineParser {
  public:
    LineParser(const RequestDefaults& defaults, Buffers& buffers, std::string_view text, std::uint64_t line)
        : defaults_(defaults),
          buffers_(buffers),
          text_(buffers.text.assign({text})),
          line_(line),
          headers_(defaults.headers) {}

    SourceItem parse() {
        try {
            read_fields();
            if (!problem_) return make_call();
        } catch (const simdjson::simdjson_error& error) {
            problem_ = not_json(error.error());
        } catch (const Error& error) {
            problem_ = fmt::format("line {}: {}", line_, error.what());
        }
        return BadLine(take_id(), line_, std::move(*problem_), std::move(metadata_));
    }

  private:
    struct Field {
        std::string_view name;
        void (LineParser::*read)(json::value value);
    };
    static const std::array<Field, 18> fields;

    void read_fields() {
        if (!internal::is_utf8(text_)) refuse("not UTF-8");
        document_ = buffers_.parser.iterate(text_);
        json::object object;
        if (auto error = document_.get_object().get(object)) {
            if (error == simdjson::INCORRECT_TYPE) refuse("not a JSON object such as {\"url\": \"https://...\"}");
            throw simdjson::simdjson_error(error);
        }
        for (json::field field : object) {
            json::value value = field.value();
            const char* at = value.raw_json_token().data();
            try {
                read_field(field.unescaped_key(), value);
            } catch (const Error& error) {
                // The line is read on for its id, and because the first fault may be followed by worse: no JSON at all.
                if (!problem_) {
                    problem_ = fmt::format("line {}, column {}: {}", line_, column_of(at, text_), error.what());
                }
            }
        }
        if (document_.current_location().error() == simdjson::SUCCESS) refuse("more follows the JSON object");
    }

    void read_field(std::string_view name, json::value value) {
        const auto field =
            std::find_if(fields.begin(), fields.end(), [name](const Field& f) { return f.name == name; });
        if (field == fields.end()) {
            if (!name.starts_with("x-")) refuse_unknown(name);
            return ignore(value);
        }
        const std::uint32_t bit = 1u << (field - fields.begin());
        if (seen_ & bit) refuse(fmt::format("\"{}\" comes twice", name));
        seen_ |= bit;
        if (type_of(value) == json::json_type::null) return ignore(value);  // what many write for what they don't have
        if (!field->read) refuse(fmt::format("\"{}\" is not yet supported", name));
        (this->*field->read)(value);
    }

    /// What nobody looks at has to be JSON all the same.
    void ignore(json::value value) { (void)internal::checked_text(document_, value).value(); }

    [[noreturn]] static void refuse_unknown(std::string_view name) {
        std::vector<std::string_view> names;
        for (const Field& field : fields) names.push_back(field.name);
        const std::string_view nearest = nearest_name(name, names);
        refuse(fmt::format("unknown field \"{}\"{} (your own fields begin with x-)", name,
                           nearest.empty() ? "" : fmt::format(", did you mean \"{}\"?", nearest)));
    }

    static std::string_view read_text(json::value value, std::string_view name) {
        std::string_view text;
        expect(value.get_string().get(text), name, "a string");
        return text;
    }

    void read_custom_id(json::value value) {
        const std::string_view id = read_text(value, "custom_id");
        if (id.empty()) refuse("\"custom_id\" is empty");
        id_ = id;
    }

    void read_method(json::value value) {
        method_ = read_text(value, "method");
        if (!http::is_token(method_)) refuse("\"method\" must be one word such as GET");
    }

    void read_url(json::value value) { url_.emplace(whole_url(read_text(value, "url"), defaults_.base_url)); }

    void read_params(json::value value) {
        json::object object;
        expect(value.get_object().get(object), "params", "an object");
        for (json::field field : object) {
            const std::string name(std::string_view(field.unescaped_key()));
            json::value inner = field.value();
            if (type_of(inner) != json::json_type::array) {
                read_param(name, inner);
                continue;
            }
            for (json::value element : inner.get_array()) read_param(name, element);
        }
    }

    void read_param(const std::string& name, json::value value) {
        const json::json_type type = type_of(value);
        if (type == json::json_type::string) {
            params_.emplace_back(name, std::string_view(value.get_string()));
        } else if (type == json::json_type::number || type == json::json_type::boolean) {
            params_.emplace_back(name, internal::checked_text(document_, value).value());
        } else {
            refuse(fmt::format("\"params\": \"{}\" must be a string, a number, true, false, or a list of them", name));
        }
    }

    void read_headers(json::value value) {
        json::object object;
        expect(value.get_object().get(object), "headers", "an object");
        for (json::field field : object) {
            const std::string name(std::string_view(field.unescaped_key()));
            json::value inner = field.value();
            replace_default(name);
            if (type_of(inner) != json::json_type::array) {
                add_header(name, inner);
                continue;
            }
            for (json::value element : inner.get_array()) add_header(name, element);
        }
    }

    void replace_default(const std::string& name) {
        if (defaults_.headers.contains(name)) headers_.remove(name);
    }

    void add_header(const std::string& name, json::value value) {
        try {
            std::string_view text;
            expect(value.get_string().get(text), name, "a string or a list of strings");
            const bool is_template = text.find("{{") != std::string_view::npos;
            headers_.add(name, is_template ? expanded_ = expand_environment(text, defaults_.environment) : text);
        } catch (const Error& error) {
            refuse(fmt::format("\"headers\": {}", error.what()));
        }
    }

    void read_body(json::value value) {
        refuse_second_body();
        body_is_json_ = type_of(value) != json::json_type::string;
        body_ = body_is_json_ ? internal::checked_text(document_, value).value() : std::string_view(value.get_string());
    }

    void read_body_base64(json::value value) {
        refuse_second_body();
        body_ = internal::decode_base64(read_text(value, "body_base64"));
        if (!body_) refuse("\"body_base64\" is not base64");
    }

    void refuse_second_body() const {
        if (body_) refuse("\"body\" and \"body_base64\" are both given");
    }

    void read_timeout(json::value value) {
        double seconds = 0;
        expect(value.get_double().get(seconds), "timeout_s", "a number");
        if (!(seconds > 0 && seconds <= longest_timeout_seconds)) {
            refuse("\"timeout_s\" must be more than 0 and at most 604800 (a week)");
        }
        timeout_ = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
    }

    void read_metadata(json::value value) { metadata_ = internal::checked_text(document_, value).value(); }

    Call make_call() {
        if (!url_) refuse("no \"url\"");
        for (const auto& [name, value] : params_) url_->add_query(name, value);
        if (method_.empty()) method_ = body_ ? "POST" : "GET";
        http::Request request(std::move(method_), std::move(*url_));
        request.headers = std::move(headers_);
        if (body_is_json_ && !request.headers.contains("content-type")) {
            request.headers.add("Content-Type", "application/json");
        }
        if (body_) request.body = std::move(*body_);
        request.timeout = timeout_;
        return Call(take_id(), line_, std::move(request), std::move(metadata_));
    }

    std::string take_id() { return id_.empty() ? automatic_id(line_) : std::move(id_); }

    std::string not_json(simdjson::error_code error) {
        const char* at = nullptr;
        const bool known = document_.is_alive() && document_.current_location().get(at) == simdjson::SUCCESS &&
                           at >= text_.data() && at <= text_.data() + text_.size();
        const std::string where = known ? fmt::format(", column {}", column_of(at, text_)) : "";
        return fmt::format("line {}{}: not JSON: {}", line_, where, simdjson::error_message(error));
    }

    const RequestDefaults& defaults_;
    Buffers& buffers_;
    simdjson::padded_string_view text_;
    std::uint64_t line_;
    json::document document_;
    std::uint32_t seen_ = 0;
    std::optional<std::string> problem_;

    std::string id_;
    std::string method_;
    std::optional<http::Url> url_;
    std::vector<std::pair<std::string, std::string>> params_;
    http::Headers headers_;
    std::string expanded_;
    std::optional<std::string> body_;
    bool body_is_json_ = false;
    std::optional<Duration> timeout_;
    std::string metadata_;
};

/// Every field of a request line; without a function it is known, and to come.
constexpr std::array<RequestReader::LineParser::Field, 18> RequestReader::LineParser::fields{
    {{"custom_id", &LineParser::read_custom_id},
     {"method", &LineParser::read_method},
     {"url", &LineParser::read_url},
     {"params", &LineParser::read_params},
     {"headers", &LineParser::read_headers},
     {"body", &LineParser::read_body},
     {"body_base64", &LineParser::read_body_base64},
     {"timeout_s", &LineParser::read_timeout},
     {"metadata", &LineParser::read_metadata},
     {"body_file", nullptr},
     {"form", nullptr},
     {"deadline_s", nullptr},
     {"retry", nullptr},
     {"idempotency_key", nullptr},
     {"safe_to_repeat", nullptr},
     {"group", nullptr},
     {"cost", nullptr},
     {"expect", nullptr}}};

RequestReader::RequestReader(RequestDefaults defaults)
    : defaults_(std::move(defaults)), buffers_(std::make_unique<Buffers>()) {}

RequestReader::RequestReader(RequestReader&&) noexcept = default;
RequestReader::~RequestReader() = default;

SourceItem RequestReader::read_url(std::string_view url, std::uint64_t line) {
    try {
        http::Request request("GET", whole_url(url, defaults_.base_url));
        request.headers = defaults_.headers;
        return Call(automatic_id(line), line, std::move(request));
    } catch (const Error& error) {
        return BadLine(automatic_id(line), line, fmt::format("line {}: {}", line, error.what()));
    }
}

SourceItem RequestReader::read_json(std::string_view text, std::uint64_t line) {
    return LineParser(defaults_, *buffers_, text, line).parse();
}

}  // namespace plait::batch
