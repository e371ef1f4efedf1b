#include "plait/mock/limit/limit_headers.hpp"

#include "plait/base/error.hpp"
#include "plait/mock/limit/internal/limit_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace plait::mock {

namespace {

template <class Value>
struct Named {
    std::string_view name;
    Value value;
};

constexpr std::array<Named<ResetForm>, 9> form_names{{{"seconds", ResetForm::seconds},
                                                      {"ms", ResetForm::ms},
                                                      {"duration", ResetForm::duration},
                                                      {"date", ResetForm::date},
                                                      {"date-utc", ResetForm::date_utc},
                                                      {"iso", ResetForm::iso},
                                                      {"iso-bare", ResetForm::iso_bare},
                                                      {"epoch", ResetForm::epoch},
                                                      {"epoch-ms", ResetForm::epoch_ms}}};

constexpr std::array<Named<Rounding>, 6> rounding_names{{{"up", Rounding::up},
                                                         {"down", Rounding::down},
                                                         {"nearest", Rounding::nearest},
                                                         {"exact", Rounding::exact},
                                                         {"window", Rounding::window},
                                                         {"one", Rounding::one}}};

constexpr std::array<Named<Lie::Kind>, 6> lie_names{{{"full", Lie::Kind::full},
                                                     {"used-up", Lie::Kind::used_up},
                                                     {"past", Lie::Kind::past},
                                                     {"garbage", Lie::Kind::garbage},
                                                     {"negative", Lie::Kind::negative},
                                                     {"huge", Lie::Kind::huge}}};

template <class Value, std::size_t size>
std::optional<Value> find(const std::array<Named<Value>, size>& all, std::string_view name) {
    const auto found = std::find_if(all.begin(), all.end(), [name](const auto& entry) { return entry.name == name; });
    return found == all.end() ? std::nullopt : std::optional(found->value);
}

template <class Value, std::size_t size>
std::string list(const std::array<Named<Value>, size>& all) {
    std::string text;
    for (const auto& entry : all) text.append(text.empty() ? "" : ", ").append(entry.name);
    return text;
}

std::string list_families() {
    std::string text;
    for (const auto& family : internal::field_families()) text.append(text.empty() ? "" : ", ").append(family.name);
    return text;
}

/// Whether the form has no place for a fraction.
bool is_date(ResetForm form) {
    return form == ResetForm::date || form == ResetForm::date_utc || form == ResetForm::iso ||
           form == ResetForm::iso_bare;
}

}  // namespace

const internal::FieldFamily& LimitDialect::family() const noexcept { return internal::field_families()[family_]; }

bool LimitDialect::set(std::string_view word) {
    if (word == "always") {
        always = true;
    } else if (const auto form = find(form_names, word); form && !family().has_one_form) {
        reset = *form;
    } else if (const auto known = find(rounding_names, word)) {
        rounding = *known;
    } else {
        return false;
    }
    return true;
}

std::optional<LimitDialect> LimitDialect::named(std::string_view name) {
    const auto colon = name.find(':');
    const auto at = name.substr(0, colon).find('@');
    const std::string_view family_name = name.substr(0, std::min(at, colon));
    const auto families = internal::field_families();
    const auto family = std::find_if(families.begin(), families.end(),
                                     [&](const internal::FieldFamily& one) { return one.name == family_name; });
    if (family == families.end()) return std::nullopt;
    LimitDialect dialect;
    dialect.family_ = static_cast<std::size_t>(family - families.begin());
    dialect.reset = family->reset;
    if (at != std::string_view::npos) {
        dialect.suffix = name.substr(0, colon).substr(at + 1);
        if (dialect.suffix.empty()) return std::nullopt;
    }
    for (auto rest = colon; rest != std::string_view::npos;) {
        const auto next = name.find(':', rest + 1);
        if (!dialect.set(name.substr(rest + 1, next == std::string_view::npos ? next : next - rest - 1))) {
            return std::nullopt;
        }
        rest = next;
    }
    if (dialect.rounding == Rounding::exact && is_date(dialect.reset)) return std::nullopt;
    return dialect;
}

std::string LimitDialect::names() {
    return fmt::format(
        "{}; append @NAME for names that end in -NAME, :FORM for the form of the reset ({}), :ROUNDING for its "
        "rounding ({}), and :always for fields that otherwise appear on refusals only",
        list_families(), list(form_names), list(rounding_names));
}

std::vector<FamilyHelp> family_help() {
    std::vector<FamilyHelp> all;
    for (const auto& family : internal::field_families()) all.push_back({family.name, family.fields});
    return all;
}

std::vector<LimitDialect> parse_dialects(std::string_view text) {
    std::vector<LimitDialect> dialects;
    if (text == "none") return dialects;
    for (;;) {
        const auto comma = text.find(',');
        const auto dialect = LimitDialect::named(text.substr(0, comma));
        if (!dialect) {
            throw Error(ErrorCode::bad_input, fmt::format("there are no limit headers '{}'; there are {}",
                                                          text.substr(0, comma), LimitDialect::names()));
        }
        dialects.push_back(*dialect);
        if (comma == std::string_view::npos) return dialects;
        text.remove_prefix(comma + 1);
    }
}

std::optional<Lie> Lie::named(std::string_view name) {
    const auto kind = find(lie_names, name);
    return kind ? std::optional(Lie(*kind)) : std::nullopt;
}

std::string Lie::names() { return list(lie_names); }

}  // namespace plait::mock
