#include "plait/batch/output/result_filter.hpp"

#include "plait/base/error.hpp"
#include "plait/base/text/nearest_name.hpp"
#include "plait/json/value.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>
#include <variant>
#include <vector>

namespace plait::batch {

namespace {

namespace ondemand = simdjson::ondemand;

using Value = std::variant<std::monostate, double, std::string_view>;

template <class T>
Value value_of(const std::optional<T>& fact) {
    return fact ? Value(*fact) : Value();
}

struct Field {
    std::string_view name;
    bool is_text;
    Value (*value)(const ResultFacts& facts);
};

constexpr std::array<Field, 7> fields{{
    {"outcome", true, [](const ResultFacts& facts) { return Value(to_string(facts.outcome)); }},
    {"status_code", false, [](const ResultFacts& facts) { return value_of(facts.status_code); }},
    {"error", true, [](const ResultFacts& facts) { return value_of(facts.error); }},
    {"attempts", false, [](const ResultFacts& facts) { return Value(facts.attempts); }},
    {"total_ms", false, [](const ResultFacts& facts) { return value_of(facts.total_ms); }},
    {"custom_id", true, [](const ResultFacts& facts) { return Value(facts.custom_id); }},
    {"line", false, [](const ResultFacts& facts) { return Value(static_cast<double>(facts.line)); }},
}};

struct Relation {
    std::string_view sign;
    bool less, equal, greater;
};

/// Where two signs begin alike, the longer one comes first.
constexpr std::array<Relation, 6> relations{{{"==", false, true, false},
                                             {"!=", true, false, true},
                                             {"<=", true, true, false},
                                             {">=", false, true, true},
                                             {"<", true, false, false},
                                             {">", false, false, true}}};

constexpr std::string_view blanks = " \t\r\n";

bool is_word_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '-';
}

template <class Table, class Name>
std::string list_of(const Table& table, Name name) {
    std::string list;
    for (const auto& entry : table) list += fmt::format("{}{}", list.empty() ? "" : ", ", name(entry));
    return list;
}

}  // namespace

class ResultFilter::Condition {
  public:
    virtual ~Condition() = default;
    virtual bool holds(const ResultFacts& facts) const = 0;
};

class ResultFilter::Comparison final : public Condition {
  public:
    Comparison(const Field& field, const Relation& relation, std::string text, double number)
        : field_(field), relation_(relation), text_(std::move(text)), number_(number) {}

    bool holds(const ResultFacts& facts) const override {
        const Value value = field_.value(facts);
        if (std::holds_alternative<std::monostate>(value)) return relation_.sign == "!=";
        if (const auto* text = std::get_if<std::string_view>(&value)) return holds(text->compare(text_), 0);
        return holds(std::get<double>(value), number_);
    }

  private:
    template <class T>
    bool holds(T a, T b) const {
        return a < b ? relation_.less : a == b ? relation_.equal : relation_.greater;
    }

    const Field& field_;
    const Relation& relation_;
    std::string text_;
    double number_;
};

class ResultFilter::Both final : public Condition {
  public:
    Both(std::unique_ptr<Condition> a, std::unique_ptr<Condition> b) : a_(std::move(a)), b_(std::move(b)) {}
    bool holds(const ResultFacts& facts) const override { return a_->holds(facts) && b_->holds(facts); }

  private:
    std::unique_ptr<Condition> a_, b_;
};

class ResultFilter::Either final : public Condition {
  public:
    Either(std::unique_ptr<Condition> a, std::unique_ptr<Condition> b) : a_(std::move(a)), b_(std::move(b)) {}
    bool holds(const ResultFacts& facts) const override { return a_->holds(facts) || b_->holds(facts); }

  private:
    std::unique_ptr<Condition> a_, b_;
};

class ResultFilter::Not final : public Condition {
  public:
    explicit Not(std::unique_ptr<Condition> condition) : condition_(std::move(condition)) {}
    bool holds(const ResultFacts& facts) const override { return !condition_->holds(facts); }

  private:
    std::unique_ptr<Condition> condition_;
};

/// Parses by recursive descent, with a function for each level of precedence.
class ResultFilter::Parser {
  public:
    explicit Parser(std::string_view text) : text_(text) {}

    std::unique_ptr<Condition> parse() {
        auto condition = parse_either();
        skip_blanks();
        if (at_ < text_.size()) fail("'and', 'or' or the end");
        return condition;
    }

  private:
    /// The deepest nesting of parentheses and `not`: each level takes a few stack frames.
    static constexpr int deepest = 100;

    std::unique_ptr<Condition> parse_either() {
        auto condition = parse_both();
        while (take_word("or")) condition = std::make_unique<Either>(std::move(condition), parse_both());
        return condition;
    }

    std::unique_ptr<Condition> parse_both() {
        auto condition = parse_not();
        while (take_word("and")) condition = std::make_unique<Both>(std::move(condition), parse_not());
        return condition;
    }

    std::unique_ptr<Condition> parse_not() {
        if (++depth_ > deepest) fail("something less nested");
        std::unique_ptr<Condition> condition;
        if (take_word("not")) {
            condition = std::make_unique<Not>(parse_not());
        } else if (take("(")) {
            condition = parse_either();
            if (!take(")")) fail("')'");
        } else {
            condition = parse_comparison();
        }
        --depth_;
        return condition;
    }

    std::unique_ptr<Condition> parse_comparison() {
        skip_blanks();
        const std::string_view name = word();
        const auto* const field =
            std::find_if(fields.begin(), fields.end(), [name](const Field& each) { return each.name == name; });
        if (field == fields.end()) fail_without_field(name);
        at_ += name.size();
        const auto* const relation =
            std::find_if(relations.begin(), relations.end(), [this](const Relation& each) { return take(each.sign); });
        if (relation == relations.end()) {
            fail(list_of(relations, [](const Relation& each) { return each.sign; }));
        }
        skip_blanks();
        if (field->is_text) {
            return std::make_unique<Comparison>(*field, *relation, take_text(*field), 0);
        }
        return std::make_unique<Comparison>(*field, *relation, std::string(), take_number());
    }

    std::string take_text(const Field& field) {
        const char quote = at_ < text_.size() ? text_[at_] : '\0';
        if (quote != '"' && quote != '\'') fail(fmt::format("a text in quotes, because {} is one", field.name));
        const auto end = text_.find(quote, at_ + 1);
        if (end == std::string_view::npos) fail("a text with a quote on both sides");
        const std::string text(text_.substr(at_ + 1, end - at_ - 1));
        if (field.name == "outcome") check_outcome(text);
        at_ = end + 1;
        return text;
    }

    void check_outcome(const std::string& name) const {
        std::vector<std::string_view> names;
        for (std::size_t i = 0; i < outcome_count; ++i) names.push_back(to_string(static_cast<Outcome>(i)));
        if (std::find(names.begin(), names.end(), name) != names.end()) return;
        fail(fmt::format("one of the outcomes {}", list_of(names, [](std::string_view each) { return each; })));
    }

    double take_number() {
        const std::string_view text = word();
        double number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (text.empty() || error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) {
            fail("a number");
        }
        at_ += text.size();
        return number;
    }

    void skip_blanks() {
        const auto next = text_.find_first_not_of(blanks, at_);
        at_ = next == std::string_view::npos ? text_.size() : next;
    }

    std::string_view word() const {
        std::size_t end = at_;
        while (end < text_.size() && is_word_character(text_[end])) ++end;
        return text_.substr(at_, end - at_);
    }

    bool take_word(std::string_view wanted) {
        skip_blanks();
        if (word() != wanted) return false;
        at_ += wanted.size();
        return true;
    }

    bool take(std::string_view sign) {
        skip_blanks();
        if (!text_.substr(at_).starts_with(sign)) return false;
        at_ += sign.size();
        return true;
    }

    [[noreturn]] void fail(std::string_view wanted) const {
        const std::string_view rest = text_.substr(at_, 20);
        throw Error(ErrorCode::bad_input, fmt::format("'{}', column {}: expected {}, not {}", text_, at_ + 1, wanted,
                                                      rest.empty() ? "the end" : fmt::format("'{}'", rest)));
    }

    [[noreturn]] void fail_without_field(std::string_view name) const {
        std::vector<std::string_view> names;
        for (const Field& field : fields) names.push_back(field.name);
        const std::string_view nearest = nearest_name(name, names);
        fail(fmt::format("a field{} ({})", nearest.empty() ? "" : fmt::format(" such as {}", nearest),
                         list_of(names, [](std::string_view each) { return each; })));
    }

    std::string_view text_;
    std::size_t at_ = 0;
    int depth_ = 0;
};

ResultFilter::ResultFilter(std::string_view text) : condition_(Parser(text).parse()) {}
ResultFilter::ResultFilter(ResultFilter&&) noexcept = default;
ResultFilter::~ResultFilter() = default;

bool ResultFilter::matches(const ResultFacts& facts) const { return condition_->holds(facts); }

struct ResultFactsReader::Buffers {
    ondemand::parser parser;
    json::PaddedText text;
};

ResultFactsReader::ResultFactsReader() : buffers_(std::make_unique<Buffers>()) {}
ResultFactsReader::~ResultFactsReader() = default;

namespace {

void read_attempts(ondemand::value value, ResultFacts& facts) {
    std::optional<double> start, end;
    for (ondemand::object attempt : value.get_array()) {
        ++facts.attempts;
        double from = 0, total = 0;
        if (attempt["start_ms"].get_double().get(from) || attempt["total_ms"].get_double().get(total)) continue;
        if (!start) start = from;
        end = from + total;
    }
    if (start) facts.total_ms = *end - *start;
}

Outcome outcome_named(std::string_view name) {
    for (std::size_t i = 0; i < outcome_count; ++i) {
        if (name == to_string(static_cast<Outcome>(i))) return static_cast<Outcome>(i);
    }
    throw Error(ErrorCode::bad_input, fmt::format("not a result line: the outcome is '{}'", name));
}

void read_field(std::string_view name, ondemand::value value, ResultFacts& facts) {
    if (name == "custom_id") {
        facts.custom_id = value.get_string();
    } else if (name == "line") {
        facts.line = value.get_uint64();
    } else if (name == "outcome") {
        facts.outcome = outcome_named(value.get_string());
    } else if (name == "response" && !value.is_null()) {
        facts.status_code = value["status_code"].get_double();
    } else if (name == "error" && !value.is_null()) {
        facts.error = value["code"].get_string();
    } else if (name == "attempts") {
        read_attempts(value, facts);
    }
}

}  // namespace

ResultFacts ResultFactsReader::read(std::string_view text) {
    try {
        ResultFacts facts;
        ondemand::document document = buffers_->parser.iterate(buffers_->text.assign({text}));
        for (ondemand::field field : document.get_object()) {
            const std::string_view name = field.unescaped_key();
            read_field(name, field.value(), facts);
        }
        return facts;
    } catch (const simdjson::simdjson_error& error) {
        throw Error(ErrorCode::bad_input, fmt::format("not a result line: {}", error.what()));
    }
}

}  // namespace plait::batch
