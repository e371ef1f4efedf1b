#include "plait/batch/follow/link_header.hpp"

#include <cstddef>

namespace plait::batch {

namespace {

/// Reads the links of one field, from left to right. What it can't read ends the field.
class LinkReader {
  public:
    explicit LinkReader(std::string_view text) : rest_(text) {}

    /// Returns the target of the next link that has this relation.
    std::optional<std::string> next_with(std::string_view relation) {
        for (;;) {
            skip(" \t,");
            if (!rest_.starts_with('<')) return std::nullopt;
            const std::size_t end = rest_.find('>');
            if (end == std::string_view::npos) return std::nullopt;
            const std::string_view target = rest_.substr(1, end - 1);
            rest_.remove_prefix(end + 1);
            if (has_relation(relation)) return std::string(target);
        }
    }

  private:
    void skip(std::string_view characters) {
        const std::size_t count = rest_.find_first_not_of(characters);
        rest_.remove_prefix(count == std::string_view::npos ? rest_.size() : count);
    }

    std::string_view take_until(std::string_view ends) {
        const std::string_view taken = rest_.substr(0, rest_.find_first_of(ends));
        rest_.remove_prefix(taken.size());
        return taken;
    }

    /// Takes a value, in quotes or not.
    std::string take_value() {
        if (!rest_.starts_with('"')) return std::string(take_until(" \t;,"));
        rest_.remove_prefix(1);
        std::string value;
        while (!rest_.empty() && rest_.front() != '"') {
            if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
            value += rest_.front();
            rest_.remove_prefix(1);
        }
        if (!rest_.empty()) rest_.remove_prefix(1);
        return value;
    }

    /// Takes the parameters of a link. Only its first `rel` counts (RFC 8288, section 3.3).
    bool has_relation(std::string_view relation) {
        std::optional<bool> has;
        for (skip(" \t"); rest_.starts_with(';'); skip(" \t")) {
            skip(" \t;");
            const std::string_view name = take_until(" \t=;,");
            skip(" \t");
            std::string value;
            if (rest_.starts_with('=')) {
                rest_.remove_prefix(1);
                skip(" \t");
                value = take_value();
            }
            if (!has && http::equal_ignoring_case(name, "rel")) has = contains_word(value, relation);
        }
        return has.value_or(false);
    }

    static bool contains_word(std::string_view words, std::string_view word) {
        while (!words.empty()) {
            const std::size_t size = words.find_first_of(" \t");
            if (http::equal_ignoring_case(words.substr(0, size), word)) return true;
            words.remove_prefix(size == std::string_view::npos ? words.size() : size + 1);
        }
        return false;
    }

    std::string_view rest_;
};

}  // namespace

std::optional<std::string> link_target(const http::Headers& headers, std::string_view relation) {
    for (const std::string_view field : headers.get_all("Link")) {
        if (auto target = LinkReader(field).next_with(relation)) return target;
    }
    return std::nullopt;
}

}  // namespace plait::batch
