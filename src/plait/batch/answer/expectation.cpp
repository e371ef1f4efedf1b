#include "plait/batch/answer/expectation.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/words.hpp"
#include "plait/batch/answer/answer_text.hpp"
#include "plait/json/canonical.hpp"
#include "plait/json/fields.hpp"
#include "plait/json/value.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <utility>

namespace plait::batch {

namespace {

namespace ondemand = simdjson::ondemand;

constexpr int lowest_status = 100, highest_status = 999;  // the limits of HTTP/1.1 (RFC 9112, section 4)

constexpr std::string_view any_status = "100-999";

/// Parses all of `text` as a number.
std::optional<int> whole_number(std::string_view text) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || text.starts_with('-')) return std::nullopt;
    return number;
}

std::optional<int> status_code(std::string_view text) {
    const std::optional<int> code = whole_number(text);
    return code >= lowest_status && code <= highest_status ? code : std::nullopt;
}

/// Splits a JSON Pointer into its steps (RFC 6901, sections 3 and 4).
std::vector<std::string> steps_of(std::string_view pointer) {
    std::vector<std::string> steps;
    if (!pointer.empty() && pointer.front() != '/') throw_bad_input("\"path\" must begin with / such as /data/0/id");
    for (std::size_t at = 0; at < pointer.size(); ++at) {
        if (pointer[at] == '/') {
            steps.emplace_back();
        } else if (pointer[at] != '~') {
            steps.back() += pointer[at];
        } else if (++at < pointer.size() && (pointer[at] == '0' || pointer[at] == '1')) {
            steps.back() += pointer[at] == '0' ? '~' : '/';
        } else {
            throw_bad_input("\"path\": write ~ as ~0, and / within a name as ~1");
        }
    }
    return steps;
}

std::optional<ondemand::value> element_at(ondemand::array array, std::string_view step) {
    const std::optional<int> index = whole_number(step);
    if (!index || (step.size() > 1 && step.front() == '0')) return std::nullopt;
    int at = 0;
    for (ondemand::value element : array) {
        if (at++ == *index) return element;
    }
    return std::nullopt;
}

std::optional<ondemand::value> field_named(ondemand::object object, std::string_view name) {
    for (ondemand::field field : object) {
        if (std::string_view(field.unescaped_key()) == name) return field.value();
    }
    return std::nullopt;
}

std::optional<ondemand::value> find(ondemand::value value, std::span<const std::string> steps) {
    std::optional<ondemand::value> found = value;
    for (const std::string& step : steps) {
        const ondemand::json_type type = json::type_of(*found);
        if (type == ondemand::json_type::array) {
            found = element_at(found->get_array(), step);
        } else if (type == ondemand::json_type::object) {
            found = field_named(found->get_object(), step);
        } else {
            return std::nullopt;
        }
        if (!found) return std::nullopt;
    }
    return found;
}

/// Returns `value` in its canonical form; but an object or a list that is compared with another kind of value, and so
/// can't be equal, is only named.
std::string comparable(ondemand::value value, std::string_view other) {
    const ondemand::json_type type = json::type_of(value);
    if (type == ondemand::json_type::object && !other.starts_with('{')) return "an object";
    if (type == ondemand::json_type::array && !other.starts_with('[')) return "a list";
    return json::canonical(value);
}

}  // namespace

/// Parses an `expect` or `refusal` field, each part in a function of its own.
class Expectation::Parser {
  public:
    /// `usual`: the statuses that match if none is given.
    static Expectation parse(std::string_view text, std::string_view field_name, std::string_view usual) {
        json::LoneValue value;
        if (!value.assign(text)) throw_bad_input(fmt::format("\"{}\" is not JSON", field_name));
        Parser parser;
        parser.read(json::read_object(value.read(), field_name));
        if (parser.result_.statuses_.empty()) parser.add_status(usual);
        return std::move(parser.result_);
    }

    /// Parses statuses such as `403,5xx`.
    static Expectation parse_statuses(std::string_view text) {
        Parser parser;
        for (;;) {
            const auto comma = std::min(text.find(','), text.size());
            parser.add_status(text.substr(0, comma));
            if (comma == text.size()) return std::move(parser.result_);
            text.remove_prefix(comma + 1);
        }
    }

  private:
    void read(ondemand::object object) {
        for (ondemand::field field : object) {
            const std::string_view name = field.unescaped_key();
            if (name == "status") {
                read_statuses(field.value());
            } else if (name == "json") {
                read_json_rules(field.value());
            } else {
                throw_bad_input(json::unknown_field(name, std::array<std::string_view, 2>{"status", "json"}));
            }
        }
    }

    void read_statuses(ondemand::value value) {
        if (json::type_of(value) != ondemand::json_type::array) return read_status(value);
        for (ondemand::value element : value.get_array()) read_status(element);
        if (result_.statuses_.empty()) throw_bad_input("\"status\" is an empty list");
    }

    void read_status(ondemand::value value) {
        if (json::type_of(value) == ondemand::json_type::number) {
            add_status(fmt::to_string(json::read_whole_number(value, "status", lowest_status, highest_status)));
        } else {
            add_status(json::read_text(value, "status"));
        }
    }

    void add_status(std::string_view text) {
        const std::optional<StatusRange> range = parse_range(text);
        if (!range)
            throw_bad_input("\"status\" must be a code, or written as \"2xx\" or \"200-299\", or a list of those");
        result_.statuses_.push_back(*range);
        result_.statuses_text_ += fmt::format("{}{}", result_.statuses_text_.empty() ? "" : " or ", text);
    }

    static std::optional<StatusRange> parse_range(std::string_view text) {
        if (text.size() == 3 && text.ends_with("xx")) {
            const std::optional<int> hundreds = whole_number(text.substr(0, 1));
            if (!hundreds || *hundreds == 0) return std::nullopt;
            return StatusRange{*hundreds * 100, *hundreds * 100 + 99};
        }
        const auto dash = std::min(text.find('-'), text.size());
        const std::optional<int> first = status_code(text.substr(0, dash));
        const std::optional<int> last = dash < text.size() ? status_code(text.substr(dash + 1)) : first;
        if (!first || !last || *first > *last) return std::nullopt;
        return StatusRange{*first, *last};
    }

    void read_json_rules(ondemand::value value) {
        for (ondemand::value rule : json::read_list(value, "json")) {
            result_.json_rules_.push_back(read_json_rule(json::read_object(rule, "json")));
        }
    }

    static JsonRule read_json_rule(ondemand::object object) {
        JsonRule rule;
        int paths = 0, relations = 0;
        for (ondemand::field field : object) {
            const std::string_view name = field.unescaped_key();
            if (name == "path") {
                rule.path = json::read_text(field.value(), name);
                rule.steps = steps_of(rule.path);
                ++paths;
            } else if (name == "is" || name == "is_not") {
                rule.relation = name == "is" ? Relation::is : Relation::is_not;
                rule.value = json::canonical(field.value());
                ++relations;
            } else if (name == "exists") {
                rule.relation = json::read_truth(field.value(), name) ? Relation::exists : Relation::is_absent;
                ++relations;
            } else {
                throw_bad_input(
                    json::unknown_field(name, std::array<std::string_view, 4>{"path", "is", "is_not", "exists"}));
            }
        }
        if (paths != 1 || relations != 1) {
            throw_bad_input("\"json\": each rule has a \"path\", and one of \"is\", \"is_not\" and \"exists\"");
        }
        return rule;
    }

    Expectation result_;
};

Expectation Expectation::parse(std::string_view text) { return Parser::parse(text, "expect", "2xx"); }

Expectation Expectation::parse_refusal(std::string_view text) {
    Expectation expectation = Parser::parse(text, "refusal", any_status);
    if (expectation.json_rules_.empty() && expectation.statuses_text_ == any_status) {
        throw_bad_input("\"refusal\" needs a \"status\", a rule in \"json\", or both");
    }
    return expectation;
}

Expectation Expectation::parse_refusal_flag(std::string_view text) {
    constexpr std::string_view statuses = "status=";
    if (text.starts_with(statuses)) return Parser::parse_statuses(text.substr(statuses.size()));
    if (!text.starts_with('{')) {
        throw_bad_input(
            fmt::format("'{}' is neither statuses such as status=403 nor JSON such as "
                        R"({{"json":[{{"path":"/error/code","is":"busy"}}]}})",
                        printable(text)));
    }
    return parse_refusal(text);
}

bool Expectation::has_status(int status) const noexcept {
    return std::any_of(statuses_.begin(), statuses_.end(),
                       [status](const StatusRange& range) { return range.first <= status && status <= range.last; });
}

std::string Expectation::unmet_by(const http::Response& response) const {
    if (!has_status(response.status)) return fmt::format("status {} is not {}", response.status, statuses_text_);
    if (json_rules_.empty()) return {};
    return unmet_in_json(AnswerText(response).get());
}

bool Expectation::is_met_by(const http::Response& response) const {
    return has_status(response.status) && (json_rules_.empty() || unmet_in_json(AnswerText(response).get()).empty());
}

std::string Expectation::unmet_in_json(std::string_view body) const {
    json::LoneValue value;
    if (!value.assign(body)) return "the body is not JSON";
    for (const JsonRule& rule : json_rules_) {
        const std::optional<ondemand::value> found = find(value.read(), rule.steps);
        const std::string_view where = rule.path.empty() ? std::string_view("the body") : rule.path;
        if (rule.relation == Relation::exists || rule.relation == Relation::is_absent) {
            if (found.has_value() == (rule.relation == Relation::exists)) continue;
            return fmt::format("{} is {}", where, found ? "there" : "missing");
        }
        const std::string is = found ? comparable(*found, rule.value) : "missing";
        const bool is_equal = found ? is == rule.value : rule.value == "null";
        if (is_equal == (rule.relation == Relation::is)) continue;
        if (is_equal) return fmt::format("{} is {}, and should not be", where, printable(is));
        return fmt::format("{} is {}, not {}", where, printable(is), printable(rule.value));
    }
    return {};
}

}  // namespace plait::batch
