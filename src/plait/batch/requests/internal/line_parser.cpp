#include "plait/batch/requests/internal/line_parser.hpp"

#include "plait/base/clock.hpp"
#include "plait/base/error.hpp"
#include "plait/base/text/base64.hpp"
#include "plait/base/text/form_text.hpp"
#include "plait/batch/requests/internal/field_texts.hpp"
#include "plait/batch/requests/internal/line_fields.hpp"
#include "plait/batch/requests/internal/multipart_field.hpp"
#include "plait/batch/requests/internal/rule_fields.hpp"
#include "plait/batch/requests/line_kind.hpp"
#include "plait/json/fields.hpp"
#include "plait/json/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>
#include <vector>

namespace plait::batch::internal {

namespace {

namespace ondemand = simdjson::ondemand;

/// Counts characters, not bytes, as editors do.
std::size_t column_of(const char* at, std::string_view text) {
    const std::string_view before = text.substr(0, static_cast<std::size_t>(at - text.data()));
    const auto is_start = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; };
    return static_cast<std::size_t>(std::count_if(before.begin(), before.end(), is_start)) + 1;
}

/// Parses one line: each field with a function of its own, and then the call as a whole.
class LineParser {
  public:
    LineParser(const RequestDefaults& defaults, LineTools& tools, std::string_view text, std::uint64_t line)
        : defaults_(defaults), tools_(tools), text_(tools.text.assign({text})), line_(line) {
        given_.headers = defaults.headers;
        tools.secrets.forget_left_names();
    }

    SourceItem parse() {
        try {
            read_fields();
            if (!problem_) return call();
        } catch (const simdjson::simdjson_error& error) {
            problem_ = not_json(error.error());
        } catch (const Error& error) {
            problem_ = fmt::format("line {}: {}", line_, error.what());
        }
        if (defaults_.format == BatchFormat::plait) {
            if (const auto hint = hint_at_format(text_, BatchFormat::plait))
                problem_ = fmt::format("line {}: {}{}", line_, given_.url ? "" : "no \"url\"; ", *hint);
        }
        return BadLine(take_id(), line_, std::move(*problem_), std::move(given_.metadata));
    }

  private:
    struct Field {
        std::string_view name;
        void (LineParser::*read)(ondemand::value value);
    };
    static const std::array<Field, 23> fields;

    Call call() {
        Call call = make_call(given_, line_, defaults_);
        if (const auto& names = tools_.secrets.left_names(); defaults_.notes && !names.empty())
            defaults_.notes->names_left(line_, names);
        return call;
    }

    void read_fields() {
        if (const auto error = tools_.parser.iterate(text_).get(document_)) {
            // simdjson checks this, too, but may come upon something else first.
            if (!json::is_utf8(text_)) throw_bad_input("not UTF-8");
            throw simdjson::simdjson_error(error);
        }
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

    void read_custom_id(ondemand::value value) { given_.id = json::read_name(value, "custom_id"); }

    void read_method(ondemand::value value) {
        given_.method = json::read_text(value, "method");
        if (!http::is_token(given_.method)) throw_bad_input("\"method\" must be one word such as GET");
    }

    void read_url(ondemand::value value) {
        const std::string_view url = json::read_text(value, "url");
        if (SecretExpander::may_expand(url)) {
            throw_bad_input("\"url\" takes no {{...}}: a secret of a query stands in \"params\"");
        }
        given_.url.emplace(whole_url(url, line_, defaults_));
    }

    void read_params(ondemand::value value) {
        texts_.read_pairs(value, "params", [this](const std::string& name, std::string_view text) {
            given_.params.emplace_back(name, text);
        });
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
        if (defaults_.headers.contains(name)) given_.headers.remove(name);
    }

    void add_header(const std::string& name, ondemand::value value) {
        if (json::type_of(value) != ondemand::json_type::string) {
            throw_bad_input(fmt::format("\"headers\": \"{}\" must be a string or a list of strings", name));
        }
        try {
            given_.headers.add(name, texts_.string(value));
        } catch (const Error& error) {
            throw_bad_input(fmt::format("\"headers\": {}", error.what()));
        }
    }

    void read_body(ondemand::value value) {
        claim_body("body");
        if (json::type_of(value) == ondemand::json_type::string) {
            given_.body = texts_.string(value);
            return;
        }
        given_.body_type = "application/json";
        const std::string_view text = json::checked_text(document_, value);
        given_.body = SecretExpander::may_expand(text) ? tools_.secrets.expand_json(text) : std::string(text);
    }

    void read_body_base64(ondemand::value value) {
        claim_body("body_base64");
        given_.body = decode_base64(json::read_text(value, "body_base64"));
        if (!given_.body) throw_bad_input("\"body_base64\" is not base64");
    }

    void read_body_file(ondemand::value value) {
        claim_body("body_file");
        auto parts = std::make_shared<http::BodyParts>();
        try {
            parts->add_file(std::string(json::read_name(value, "body_file")));
            given_.body_parts = std::move(parts);
        } catch (const Error& error) {
            throw_bad_input(fmt::format("\"body_file\": {}", error.what()));
        }
    }

    void read_form(ondemand::value value) {
        claim_body("form");
        given_.body_type = "application/x-www-form-urlencoded";
        std::string& form = given_.body.emplace();
        texts_.read_pairs(value, "form", [&form](const std::string& name, std::string_view text) {
            append_form_pair(form, name, text);
        });
    }

    void read_multipart(ondemand::value value) {
        claim_body("multipart");
        given_.multipart = internal::read_multipart(value, [this](ondemand::value inner, std::string_view name) {
            return texts_.pair(inner, "multipart", name);
        });
    }

    void claim_body(std::string_view name) {
        if (!body_field_.empty()) throw_bad_input(fmt::format("\"{}\" and \"{}\" are both given", body_field_, name));
        body_field_ = name;
    }

    void read_timeout(ondemand::value value) { given_.timeout = json::read_seconds(value, "timeout_s"); }

    CallRules& rules() { return given_.rules ? *given_.rules : given_.rules.emplace(); }

    void read_deadline(ondemand::value value) { rules().deadline = json::read_seconds(value, "deadline_s"); }

    void read_retry(ondemand::value value) { internal::read_retry(value, rules()); }

    void read_key(ondemand::value value) {
        given_.key = json::read_name(value, "idempotency_key");
        if (given_.key == "auto" && defaults_.key_seed.empty())
            throw_bad_input("\"idempotency_key\": this run has no seed for keys");
        http::Headers().add("Idempotency-Key", given_.key);  // throws when it can't be one
    }

    void read_safe_to_repeat(ondemand::value value) {
        given_.safe_to_repeat = json::read_truth(value, "safe_to_repeat");
    }

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
                                          Rule (*parse_rule)(std::string_view), LineTools::ParsedRule<Rule>& last) {
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

    void read_metadata(ondemand::value value) { given_.metadata = json::checked_text(document_, value).value(); }

    std::string take_id() { return given_.id.empty() ? automatic_id(line_) : std::move(given_.id); }

    std::string not_json(simdjson::error_code error) {
        const char* at = nullptr;
        const bool known = document_.is_alive() && document_.current_location().get(at) == simdjson::SUCCESS &&
                           at >= text_.data() && at <= text_.data() + text_.size();
        const std::string where = known ? fmt::format(", column {}", column_of(at, text_)) : "";
        const std::size_t end = text_.find_last_not_of(" \t\r");
        const bool spans_lines = end == text_.find_first_not_of(" \t\r");  // a bracket alone
        return fmt::format(
            "line {}{}: not JSON: {}{}", line_, where, simdjson::error_message(error),
            spans_lines ? " A request is one line. Of a HAR or a collection, plait convert makes requests." : "");
    }

    const RequestDefaults& defaults_;
    LineTools& tools_;
    simdjson::padded_string_view text_;
    std::uint64_t line_;
    ondemand::document document_;
    std::uint32_t seen_ = 0;
    std::optional<std::string> problem_;

    FieldTexts texts_{document_, tools_.secrets};
    LineFields given_;
    std::string_view body_field_;  // the field that gave the body
};

/// All fields of a request line, the most common first.
constexpr std::array<LineParser::Field, 23> LineParser::fields{
    Field{"custom_id", &LineParser::read_custom_id},
    Field{"method", &LineParser::read_method},
    Field{"url", &LineParser::read_url},
    Field{"params", &LineParser::read_params},
    Field{"headers", &LineParser::read_headers},
    Field{"body", &LineParser::read_body},
    Field{"body_base64", &LineParser::read_body_base64},
    Field{"body_file", &LineParser::read_body_file},
    Field{"form", &LineParser::read_form},
    Field{"multipart", &LineParser::read_multipart},
    Field{"timeout_s", &LineParser::read_timeout},
    Field{"deadline_s", &LineParser::read_deadline},
    Field{"retry", &LineParser::read_retry},
    Field{"idempotency_key", &LineParser::read_key},
    Field{"safe_to_repeat", &LineParser::read_safe_to_repeat},
    Field{"group", &LineParser::read_group},
    Field{"order_key", &LineParser::read_order_key},
    Field{"priority", &LineParser::read_priority},
    Field{"cost", &LineParser::read_cost},
    Field{"expect", &LineParser::read_expect},
    Field{"refusal", &LineParser::read_refusal},
    Field{"follow", &LineParser::read_follow},
    Field{"metadata", &LineParser::read_metadata},
};

VendorJob job_of(const RequestDefaults& defaults) {
    VendorJob job;
    job.model = defaults.model;
    if (!defaults.endpoint.empty()) job.endpoint = defaults.endpoint;
    job.base_url = defaults.base_url;
    return job;
}

}  // namespace

LineTools::LineTools(const RequestDefaults& defaults) : secrets(defaults.permitted_secrets, defaults.put_secrets) {
    if (defaults.format != BatchFormat::plait) vendor.emplace(defaults.format, job_of(defaults));
    if (!defaults.secrets || defaults.put_secrets == SecretExpander::Put::names) return;
    for (const auto& [name, value] : defaults.permitted_secrets) defaults.secrets->add(name, value);
}

SourceItem parse_line(const RequestDefaults& defaults, LineTools& tools, std::string_view text, std::uint64_t line) {
    return LineParser(defaults, tools, text, line).parse();
}

}  // namespace plait::batch::internal
