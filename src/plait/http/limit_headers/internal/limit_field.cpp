#include "plait/http/limit_headers/internal/limit_field.hpp"

#include "plait/http/message/headers.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace plait::http::internal {

namespace {

using namespace std::chrono_literals;
using Part = LimitField::Part;
using Unit = ResetTime::Unit;

template <class Value, std::size_t size>
using Words = std::array<std::pair<std::string_view, Value>, size>;

// A name of several words comes before the names that it starts with.
constexpr Words<Part, 16> parts{{{"retry-after", Part::wait},
                                 {"retry-in", Part::wait},
                                 {"reset-after", Part::reset_after},
                                 {"burst-capacity", Part::limit},
                                 {"replenish-rate", Part::refill},
                                 {"requested-tokens", Part::request_cost},
                                 {"fill-rate", Part::refill_once},
                                 {"fillrate", Part::refill_once},
                                 {"limit", Part::limit},
                                 {"max", Part::limit},
                                 {"remaining", Part::remaining},
                                 {"reset", Part::reset},
                                 {"after", Part::wait},
                                 {"interval", Part::window},
                                 {"duration", Part::window},
                                 {"window", Part::window}}};

constexpr Words<Duration, 10> windows{{{"second", 1s},
                                       {"secondly", 1s},
                                       {"minute", 1min},
                                       {"minutely", 1min},
                                       {"hour", 1h},
                                       {"hourly", 1h},
                                       {"day", 24h},
                                       {"daily", 24h},
                                       {"month", 24h * 30},
                                       {"monthly", 24h * 30}}};

constexpr Words<Unit, 6> time_units{{{"seconds", Unit::seconds},
                                     {"secs", Unit::seconds},
                                     {"s", Unit::seconds},
                                     {"milliseconds", Unit::milliseconds},
                                     {"millis", Unit::milliseconds},
                                     {"ms", Unit::milliseconds}}};

// What servers count besides requests.
constexpr std::array<std::string_view, 12> units{"tokens", "token",      "bytes", "characters", "credits", "points",
                                                 "cost",   "complexity", "units", "images",     "pages",   "neurons"};

template <class Value, std::size_t size>
const std::pair<std::string_view, Value>* find(const Words<Value, size>& known, std::string_view word) {
    const auto found = std::find_if(known.begin(), known.end(), [&](const auto& entry) { return entry.first == word; });
    return found == known.end() ? nullptr : &*found;
}

bool starts_with_words(std::string_view text, std::string_view words) noexcept {
    return text.starts_with(words) && (text.size() == words.size() || text[words.size()] == '-');
}

std::string_view take_word(std::string_view& rest) noexcept {
    const std::string_view word = rest.substr(0, rest.find('-'));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    return word;
}

/// Parses the words of a name that follow its family.
class NameParser {
  public:
    NameParser(LimitField& field, const policy::Costs& costs) noexcept : field_(field), costs_(costs) {}

    /// Whether the words say which part of a limit the field is.
    bool parse(std::string_view rest) {
        if (rest.empty()) part_ = Part::limit;  // `X-Rate-Limit: 700`
        while (!rest.empty()) {
            if (!take_part(rest)) add_word(take_word(rest));
        }
        if (!part_ && field_.window && others_.empty()) part_ = Part::limit;  // `X-HubSpot-RateLimit-Daily: 250000`
        if (!part_ || others_.find("concurren") != std::string::npos) return false;  // not a rate limit
        field_.part = *part_;
        settle_unit();
        return true;
    }

  private:
    bool take_part(std::string_view& rest) {
        if (part_) return false;
        for (const auto& [words, part] : parts) {
            if (!starts_with_words(rest, words)) continue;
            part_ = part;
            rest.remove_prefix(std::min(rest.size(), words.size() + 1));
            return true;
        }
        return false;
    }

    void add_word(std::string_view word) {
        if (const auto* window = find(windows, word)) {
            field_.window_word = window->first;
            field_.window = window->second;
        } else if (const auto* unit = find(time_units, word); unit && part_) {
            field_.time_unit = unit->second;
        } else if (part_ && *part_ == Part::reset && (word == "at" || word == "in" || word == "time")) {
            // adds nothing to what the value says
        } else if (part_ || !take_ending(word)) {
            others_ += (others_.empty() ? "" : "-") + std::string(word);
        }
    }

    /// A word such as `UserRemaining` or `ResetTime`.
    bool take_ending(std::string_view word) {
        for (const auto& [ending, part] :
             Words<Part, 3>{{{"limit", Part::limit}, {"remaining", Part::remaining}, {"reset", Part::reset}}}) {
            if (!word.ends_with(ending) && !(part == Part::reset && word == "resettime")) continue;
            part_ = part;
            if (word.ends_with(ending)) word.remove_suffix(ending.size());
            if (word != "resettime") others_ += (others_.empty() ? "" : "-") + std::string(word);
            return true;
        }
        return false;
    }

    /// Finds the unit, or else the name of the limit, in the other words.
    void settle_unit() {
        const bool is_costed =
            std::any_of(costs_.begin(), costs_.end(), [this](const auto& cost) { return cost.first == others_; });
        bool is_unit = is_costed;
        std::string name;
        for (std::string_view rest = others_; !rest.empty();) {
            const std::string_view word = take_word(rest);
            is_unit = is_unit || std::find(units.begin(), units.end(), word) != units.end();
            if (word != policy::requests_unit) name += (name.empty() ? "" : "-") + std::string(word);
        }
        field_.unit = is_unit ? others_ : std::string(policy::requests_unit);
        if (!is_unit) field_.name = name;
    }

    LimitField& field_;
    const policy::Costs& costs_;
    std::optional<Part> part_;
    std::string others_;
};

}  // namespace

std::string LimitField::limit_name() const {
    std::string text = family;
    const auto append = [&](std::string_view word) {
        if (!word.empty()) text.append("-").append(word);
    };
    if (unit != policy::requests_unit) append(unit);
    append(name);
    append(window_word);
    return text;
}

std::optional<LimitField> parse_limit_field(std::string_view header, const policy::Costs& costs) {
    const std::string text = lower(header);
    for (const std::string_view word : {"ratelimit", "rate-limit"}) {
        const auto begin = text.find(word);
        if (begin == std::string::npos || (begin > 0 && text[begin - 1] != '-')) continue;
        std::string_view rest(text);
        rest.remove_prefix(begin);
        if (!starts_with_words(rest, word)) continue;
        rest.remove_prefix(std::min(rest.size(), word.size() + 1));
        if (begin == 0 && rest.empty()) continue;  // the standard's own field
        LimitField field;
        field.family = text.substr(0, begin + word.size());
        if (NameParser(field, costs).parse(rest)) return field;
    }
    return std::nullopt;
}

std::optional<WaitField> parse_wait_field(std::string_view header) {
    const std::string text = lower(header);
    if (const auto field = parse_limit_field(text, policy::Costs()))
        return field->part == Part::wait ? std::optional(WaitField{field->time_unit}) : std::nullopt;
    for (const std::string_view words : {"retry-after", "retry-in"}) {
        const auto begin = text.find(words);
        if (begin == std::string::npos || (begin > 0 && text[begin - 1] != '-')) continue;
        std::string_view rest(text);
        rest.remove_prefix(begin);
        if (!starts_with_words(rest, words)) continue;
        rest.remove_prefix(std::min(rest.size(), words.size() + 1));
        WaitField field;  // `-ms` is a unit, `-short` the name of a limit
        while (!rest.empty()) {
            if (const auto* unit = find(time_units, take_word(rest))) field.time_unit = unit->second;
        }
        return field;
    }
    return std::nullopt;
}

}  // namespace plait::http::internal
