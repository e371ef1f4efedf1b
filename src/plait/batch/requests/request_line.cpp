#include "plait/batch/requests/request_line.hpp"

#include "plait/base/clock.hpp"
#include "plait/base/error.hpp"
#include "plait/base/text/base64.hpp"
#include "plait/base/text/form_text.hpp"
#include "plait/batch/follow/follow_rule.hpp"
#include "plait/batch/requests/idempotency_key.hpp"
#include "plait/batch/requests/internal/multipart_field.hpp"
#include "plait/batch/requests/internal/rule_fields.hpp"
#include "plait/batch/requests/url_paths.hpp"
#include "plait/batch/requests/vendor_line.hpp"
#include "plait/json/fields.hpp"
#include "plait/json/text.hpp"
#include "plait/json/value.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>
#include <vector>

namespace plait::batch {

namespace {

namespace ondemand = simdjson::ondemand;

bool has_scheme(std::string_view url) {
    const auto colon = url.find("://");
    return colon != std::string_view::npos && url.find_first_of("/?#") > colon;
}

/// Counts characters, not bytes, as editors do.
std::size_t column_of(const char* at, std::string_view text) {
    const std::string_view before = text.substr(0, static_cast<std::size_t>(at - text.data()));
    const auto is_start = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
    return static_cast<std::size_t>(std::count_if(before.begin(), before.end(), is_start)) + 1;
}

constexpr std::string_view key_header = "Idempotency-Key";

/// What every request of this vendor needs.
RequestDefaults with_vendor(RequestDefaults defaults) {
    const BatchFormatEntry* const entry = find_batch_format(defaults.format);
    if (!entry) return defaults;
    if (defaults.base_url.empty()) defaults.base_url = entry->base_url;
    constexpr std::string_view version = "anthropic-version";
    if (defaults.format == BatchFormat::anthropic && !defaults.headers.contains(version))
        defaults.headers.add(version, "2023-06-01");
    return defaults;
}

VendorJob job_of(const RequestDefaults& defaults) {
    VendorJob job;
    job.model = defaults.model;
    if (!defaults.endpoint.empty()) job.endpoint = defaults.endpoint;
    job.base_url = defaults.base_url;
    return job;
}

/// OpenAI's files have POSTs to paths of one API. Who writes one must not choose another server for the key.
void check_vendor_request(const http::Request& request, const std::string& base_url) {
    if (request.method() != "POST") throw_bad_input("\"method\" must be POST");
    const http::Url base(base_url);
    if (request.url.origin() == base.origin()) return;
    throw_bad_input(
        fmt::format("\"url\" is on {}, and requests of this format go to {}: give a path, or another --base-url",
                    request.url.origin(), base.origin()));
}

}  // namespace

http::Url whole_url(std::string_view url, std::uint64_t line, const RequestDefaults& defaults) {
    if (defaults.base_url.empty() || has_scheme(url)) return http::Url(url);
    const JoinedUrl joined = join_urls(defaults.base_url, url);
    http::Url whole(joined.text);
    // A vendor's lines begin with /v1, and so does the base URL that its users know.
    const bool is_odd = joined.is_joined_once && defaults.format == BatchFormat::plait;
    if (is_odd && defaults.notes) defaults.notes->joined_once(line, url, joined.text);
    return whole;
}

std::string checked_base_url(std::string_view url) {
    if (url.find_first_of("?#") != std::string_view::npos) throw_bad_input("a base URL has no query and no fragment");
    (void)http::Url(url);  // throws when it is not one
    return std::string(url);
}

/// The state that is kept from line to line.
struct RequestReader::Tools {
    explicit Tools(const RequestDefaults& defaults) : secrets(defaults.permitted_secrets, defaults.put_secrets) {
        if (defaults.format != BatchFormat::plait) vendor.emplace(defaults.format, job_of(defaults));
        if (!defaults.secrets || defaults.put_secrets == SecretExpander::Put::names) return;
        for (const auto& [name, value] : defaults.permitted_secrets) defaults.secrets->add(name, value);
    }

    json::PaddedText text;
    ondemand::parser parser;
    SecretExpander secrets;
    // Most files have the same expectation on each line.
    template <class Rule>
    struct ParsedRule {
        std::string text;
        std::shared_ptr<const Rule> rule;
    };
    ParsedRule<Expectation> expect;
    ParsedRule<Expectation> refusal;
    ParsedRule<FollowRule> follow;
    std::optional<VendorLineReader> vendor;
};

/// Parses one line: each field with a function of its own, and then the call as a whole.
class RequestReader::LineParser {
  public:
    LineParser(const RequestDefaults& defaults, Tools& tools, std::string_view text, std::uint64_t line)
        : defaults_(defaults),
          tools_(tools),
          text_(tools.text.assign({text})),
          line_(line),
          headers_(defaults.headers) {
        tools.secrets.forget_left_names();
    }

    SourceItem parse() {
        try {
            read_fields();
            if (!problem_) return make_call();
        } catch (const simdjson::simdjson_error& error) {
            problem_ = not_json(error.error());
        } catch (const Error& error) {
            problem_ = fmt::format("line {}: {}", line_, error.what());
        }
        if (defaults_.format == BatchFormat::plait) {
            if (const auto hint = hint_at_format(text_, BatchFormat::plait))
                problem_ = fmt::format("line {}: {}{}", line_, url_ ? "" : "no \"url\"; ", *hint);
        }
        return BadLine(take_id(), line_, std::move(*problem_), std::move(metadata_));
    }

  private:
    struct Field {
        std::string_view name;
        void (LineParser::*read)(ondemand::value value);
    };
    static const std::array<Field, 23> fields;

    void read_fields() {
        if (!json::is_utf8(text_)) throw_bad_input("not UTF-8");
        document_ = tools_.parser.iterate(text_);
        ondemand::object object;
        if (auto error = document_.get_object().get(object)) {
            if (error == simdjson::INCORRECT_TYPE)
                throw_bad_input("not a JSON object such as {\"url\": \"https://...\"}");
            throw simdjson::simdjson_error(error);
        }
        for (ondemand::field field : object) {
            ondemand::value value = field.value();
            const char* at = value.raw_json_token().data();
            try {
                read_field(field.unescaped_key(), value);
            } catch (const Error& error) {
                // Reading goes on for the id, and because worse may follow: the line may not be JSON at all.
                if (!problem_) {
                    problem_ = fmt::format("line {}, column {}: {}", line_, column_of(at, text_), error.what());
                }
            }
        }
        if (document_.current_location().error() == simdjson::SUCCESS)
            throw_bad_input("unexpected text after the JSON object");
    }

    void read_field(std::string_view name, ondemand::value value) {
        const auto field =
            std::find_if(fields.begin(), fields.end(), [name](const Field& f) { return f.name == name; });
        if (field == fields.end()) {
            if (!name.starts_with("x-")) refuse_unknown(name);
            return ignore(value);
        }
        const std::uint32_t bit = 1u << (field - fields.begin());
        if (seen_ & bit) throw_bad_input(fmt::format("\"{}\" occurs twice", name));
        seen_ |= bit;
        if (json::type_of(value) == ondemand::json_type::null)
            return ignore(value);  // many writers use null for a missing value
        (this->*field->read)(value);
    }

    /// Ignored fields must be JSON all the same.
    void ignore(ondemand::value value) { (void)json::checked_text(document_, value).value(); }

    [[noreturn]] static void refuse_unknown(std::string_view name) {
        std::vector<std::string_view> names;
        for (const Field& field : fields) names.push_back(field.name);
        throw_bad_input(json::unknown_field(name, names) + " (your own fields begin with x-)");
    }

    void read_custom_id(ondemand::value value) { id_ = json::read_name(value, "custom_id"); }

    void read_method(ondemand::value value) {
        method_ = json::read_text(value, "method");
        if (!http::is_token(method_)) throw_bad_input("\"method\" must be one word such as GET");
    }

    void read_url(ondemand::value value) {
        const std::string_view url = json::read_text(value, "url");
        if (SecretExpander::may_expand(url)) {
            throw_bad_input("\"url\" takes no {{...}}: a secret of a query stands in \"params\"");
        }
        url_.emplace(whole_url(url, line_, defaults_));
    }

    void read_params(ondemand::value value) {
        read_pairs(value, "params",
                   [this](const std::string& name, std::string_view text) { params_.emplace_back(name, text); });
    }

    /// Reads the pairs of an object. A list stands for several pairs with one name.
    template <class Take>
    void read_pairs(ondemand::value value, std::string_view field_name, Take take) {
        for (ondemand::field field : json::read_object(value, field_name)) {
            const std::string name(std::string_view(field.unescaped_key()));
            ondemand::value inner = field.value();
            if (json::type_of(inner) != ondemand::json_type::array) {
                take(name, pair_text(inner, field_name, name));
                continue;
            }
            for (ondemand::value element : inner.get_array()) take(name, pair_text(element, field_name, name));
        }
    }

    std::string_view pair_text(ondemand::value value, std::string_view field_name, std::string_view name) {
        const ondemand::json_type type = json::type_of(value);
        if (type == ondemand::json_type::string) return expanded(value.get_string());
        if (type != ondemand::json_type::number && type != ondemand::json_type::boolean) {
            throw_bad_input(fmt::format("\"{}\": \"{}\" must be a string, a number, true, false, or a list of them",
                                        field_name, name));
        }
        return json::checked_text(document_, value).value();
    }

    /// Valid until the next call.
    std::string_view expanded(std::string_view text) {
        if (!SecretExpander::may_expand(text)) return text;
        return expanded_ = tools_.secrets.expand(text);
    }

    void read_headers(ondemand::value value) {
        for (ondemand::field field : json::read_object(value, "headers")) {
            const std::string name(std::string_view(field.unescaped_key()));
            ondemand::value inner = field.value();
            replace_default(name);
            if (json::type_of(inner) != ondemand::json_type::array) {
                add_header(name, inner);
                continue;
            }
            for (ondemand::value element : inner.get_array()) add_header(name, element);
        }
    }

    void replace_default(const std::string& name) {
        if (defaults_.headers.contains(name)) headers_.remove(name);
    }

    void add_header(const std::string& name, ondemand::value value) {
        if (json::type_of(value) != ondemand::json_type::string) {
            throw_bad_input(fmt::format("\"headers\": \"{}\" must be a string or a list of strings", name));
        }
        try {
            headers_.add(name, expanded(value.get_string()));
        } catch (const Error& error) {
            throw_bad_input(fmt::format("\"headers\": {}", error.what()));
        }
    }

    void read_body(ondemand::value value) {
        claim_body("body");
        if (json::type_of(value) == ondemand::json_type::string) {
            body_ = expanded(value.get_string());
            return;
        }
        body_type_ = "application/json";
        const std::string_view text = json::checked_text(document_, value);
        body_ = SecretExpander::may_expand(text) ? tools_.secrets.expand_json(text) : std::string(text);
    }

    void read_body_base64(ondemand::value value) {
        claim_body("body_base64");
        body_ = decode_base64(json::read_text(value, "body_base64"));
        if (!body_) throw_bad_input("\"body_base64\" is not base64");
    }

    void read_body_file(ondemand::value value) {
        claim_body("body_file");
        auto parts = std::make_shared<http::BodyParts>();
        try {
            parts->add_file(std::string(json::read_name(value, "body_file")));
            body_parts_ = std::move(parts);
        } catch (const Error& error) {
            throw_bad_input(fmt::format("\"body_file\": {}", error.what()));
        }
    }

    void read_form(ondemand::value value) {
        claim_body("form");
        body_type_ = "application/x-www-form-urlencoded";
        std::string& form = body_.emplace();
        read_pairs(value, "form",
                   [&form](const std::string& name, std::string_view text) { append_form_pair(form, name, text); });
    }

    void read_multipart(ondemand::value value) {
        claim_body("multipart");
        multipart_ = internal::read_multipart(value, [this](ondemand::value inner, std::string_view name) {
            return pair_text(inner, "multipart", name);
        });
    }

    void claim_body(std::string_view name) {
        if (!body_field_.empty()) throw_bad_input(fmt::format("\"{}\" and \"{}\" are both given", body_field_, name));
        body_field_ = name;
    }

    void read_timeout(ondemand::value value) { timeout_ = json::read_seconds(value, "timeout_s"); }

    CallRules& rules() { return rules_ ? *rules_ : rules_.emplace(); }

    void read_deadline(ondemand::value value) { rules().deadline = json::read_seconds(value, "deadline_s"); }

    void read_retry(ondemand::value value) { internal::read_retry(value, rules()); }

    void read_key(ondemand::value value) {
        key_ = json::read_name(value, "idempotency_key");
        if (key_ == "auto" && !can_make_keys()) throw_bad_input("\"idempotency_key\": this run has no seed for keys");
        http::Headers().add(key_header, key_);  // throws when it can't be one
    }

    bool can_make_keys() const { return !defaults_.key_seed.empty(); }

    void read_safe_to_repeat(ondemand::value value) { safe_to_repeat_ = json::read_truth(value, "safe_to_repeat"); }

    void read_group(ondemand::value value) { rules().group = json::read_name(value, "group"); }

    void read_order_key(ondemand::value value) { rules().order_key = json::read_name(value, "order_key"); }

    void read_priority(ondemand::value value) {
        using Limits = std::numeric_limits<int>;
        rules().priority = json::read_whole_number(value, "priority", Limits::min(), Limits::max());
    }

    void read_cost(ondemand::value value) { rules().costs = internal::read_costs(value); }

    void read_expect(ondemand::value value) {
        rules().expectation = read_rule(value, "expect", Expectation::parse, tools_.expect);
    }

    void read_refusal(ondemand::value value) {
        rules().refusal = read_rule(value, "refusal", Expectation::parse_refusal, tools_.refusal);
    }

    void read_follow(ondemand::value value) {
        rules().follow = read_rule(value, "follow", FollowRule::parse, tools_.follow);
    }

    template <class Rule>
    std::shared_ptr<const Rule> read_rule(ondemand::value value, std::string_view name,
                                          Rule (*parse_rule)(std::string_view), Tools::ParsedRule<Rule>& last) {
        const std::string_view text = json::checked_text(document_, value);
        if (!last.rule || last.text != text) {
            try {
                last.rule = std::make_shared<const Rule>(parse_rule(text));
            } catch (const Error& error) {
                throw_bad_input(fmt::format("\"{}\": {}", name, error.what()));
            }
            last.text = text;
        }
        return last.rule;
    }

    void read_metadata(ondemand::value value) { metadata_ = json::checked_text(document_, value).value(); }

    Call make_call() {
        if (!url_) throw_bad_input("no \"url\"");
        for (const auto& [name, value] : params_) url_->add_query(name, value);
        if (id_.empty()) id_ = automatic_id(line_);
        if (!multipart_.empty()) make_multipart();
        if (method_.empty()) method_ = body_ || body_parts_ ? "POST" : "GET";
        http::Request request(std::move(method_), std::move(*url_));
        request.headers = std::move(headers_);
        set_key(request);
        if (!body_type_.empty() && !request.headers.contains("content-type")) {
            request.headers.add("Content-Type", body_type_);
        }
        if (body_) request.body = std::move(*body_);
        request.body_parts = std::move(body_parts_);
        request.timeout = timeout_;
        Call call(std::move(id_), line_, std::move(request), std::move(metadata_));
        const bool is_safe = safe_to_repeat_.value_or(call.rules.safe_to_repeat || defaults_.safe_to_repeat);
        if (rules_) call.rules = std::move(*rules_);
        call.rules.safe_to_repeat = is_safe;
        if (const auto& names = tools_.secrets.left_names(); defaults_.notes && !names.empty())
            defaults_.notes->names_left(line_, names);
        return call;
    }

    void make_multipart() {
        // The boundary must not be foreseen by who wrote a file, or it could bring parts of its own.
        std::string boundary = automatic_key(defaults_.key_seed + "multipart", id_);
        boundary.erase(std::remove(boundary.begin(), boundary.end(), '-'), boundary.end());
        MultipartForm form = internal::make_form(std::move(multipart_), boundary);
        multipart_type_ = form.content_type();
        body_type_ = multipart_type_;
        body_parts_ = form.finish();
    }

    void set_key(http::Request& request) const {
        const bool is_by_default = key_.empty() && defaults_.automatic_keys && !http::is_repeatable(request);
        if (key_.empty() && !is_by_default) return;
        const bool has_header = request.headers.contains(key_header) && !defaults_.headers.contains(key_header);
        if (has_header) throw_bad_input("\"idempotency_key\" and a header Idempotency-Key are both given");
        const bool is_automatic = is_by_default || key_ == "auto";
        if (is_automatic && !can_make_keys()) throw_bad_input("this run has no seed for idempotency keys");
        request.headers.set(key_header, is_automatic ? automatic_key(defaults_.key_seed, id_) : std::string(key_));
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
    Tools& tools_;
    simdjson::padded_string_view text_;
    std::uint64_t line_;
    ondemand::document document_;
    std::uint32_t seen_ = 0;
    std::optional<std::string> problem_;

    std::string id_;
    std::string method_;
    std::optional<http::Url> url_;
    std::vector<std::pair<std::string, std::string>> params_;
    http::Headers headers_;
    std::string expanded_;
    std::optional<std::string> body_;
    std::shared_ptr<const http::BodyParts> body_parts_;
    std::vector<internal::MultipartPart> multipart_;
    std::string multipart_type_;
    std::string_view body_field_;  // the field that gave the body
    std::string_view body_type_;   // the implied Content-Type
    std::optional<Duration> timeout_;
    std::string_view key_;
    std::optional<bool> safe_to_repeat_;
    std::optional<CallRules> rules_;  // most lines have none
    std::string metadata_;
};

/// All fields of a request line, the most common first.
constexpr std::array<RequestReader::LineParser::Field, 23> RequestReader::LineParser::fields{
    {{"custom_id", &LineParser::read_custom_id},
     {"method", &LineParser::read_method},
     {"url", &LineParser::read_url},
     {"params", &LineParser::read_params},
     {"headers", &LineParser::read_headers},
     {"body", &LineParser::read_body},
     {"body_base64", &LineParser::read_body_base64},
     {"body_file", &LineParser::read_body_file},
     {"form", &LineParser::read_form},
     {"multipart", &LineParser::read_multipart},
     {"timeout_s", &LineParser::read_timeout},
     {"deadline_s", &LineParser::read_deadline},
     {"retry", &LineParser::read_retry},
     {"idempotency_key", &LineParser::read_key},
     {"safe_to_repeat", &LineParser::read_safe_to_repeat},
     {"group", &LineParser::read_group},
     {"order_key", &LineParser::read_order_key},
     {"priority", &LineParser::read_priority},
     {"cost", &LineParser::read_cost},
     {"expect", &LineParser::read_expect},
     {"refusal", &LineParser::read_refusal},
     {"follow", &LineParser::read_follow},
     {"metadata", &LineParser::read_metadata}}};

RequestReader::RequestReader(RequestDefaults defaults)
    : defaults_(with_vendor(std::move(defaults))), tools_(std::make_unique<Tools>(defaults_)) {}

RequestReader::RequestReader(RequestReader&&) noexcept = default;
RequestReader::~RequestReader() = default;

SourceItem RequestReader::read_url(std::string_view url, std::uint64_t line) {
    try {
        http::Request request("GET", whole_url(url, line, defaults_));
        request.headers = defaults_.headers;
        return Call(automatic_id(line), line, std::move(request));
    } catch (const Error& error) {
        const bool looks_like_csv = url.find("://") == url.npos && url.find_first_of(",;\t") != url.npos;
        const char* const hint = looks_like_csv ? " (rows of CSV become requests with --url TEMPLATE)" : "";
        return BadLine(automatic_id(line), line, fmt::format("line {}: {}{}", line, error.what(), hint));
    }
}

SourceItem RequestReader::read_json(std::string_view text, std::uint64_t line) {
    if (tools_->vendor) return read_vendor_line(text, line);
    return LineParser(defaults_, *tools_, text, line).parse();
}

void RequestReader::check_first(std::string_view text, std::string_view name) {
    if (tools_->vendor) tools_->vendor->check_first(text, name);
}

SourceItem RequestReader::read_vendor_line(std::string_view text, std::uint64_t line) {
    VendorLineReader& vendor = *tools_->vendor;
    try {
        SourceItem item = LineParser(defaults_, *tools_, vendor.translate(text), line).parse();
        const Call* const call = std::get_if<Call>(&item);
        if (call && defaults_.format == BatchFormat::openai) check_vendor_request(call->request, defaults_.base_url);
        return item;
    } catch (const Error& error) {
        const std::string& id = vendor.id();
        return BadLine(id.empty() ? automatic_id(line) : id, line, fmt::format("line {}: {}", line, error.what()));
    }
}

}  // namespace plait::batch
