#pragma once

#include "plait/base/error.hpp"
#include "plait/batch/requests/secret_expander.hpp"
#include "plait/json/fields.hpp"
#include "plait/json/text.hpp"
#include "plait/json/value.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <string>
#include <string_view>

namespace plait::batch::internal {

/// Reads the texts of one request line, with secrets in place of their names. What it returns is valid until the next
/// call. Both arguments outlive it.
class FieldTexts {
  public:
    FieldTexts(simdjson::ondemand::document& document, SecretExpander& secrets) noexcept
        : document_(document), secrets_(secrets) {}

    std::string_view string(simdjson::ondemand::value value) {
        const std::string_view text = value.get_string();
        if (!SecretExpander::may_expand(text)) return text;
        return expanded_ = secrets_.expand(text);
    }

    /// A string, number, true or false, as the value of `name` in the object `field`.
    std::string_view pair(simdjson::ondemand::value value, std::string_view field, std::string_view name) {
        using Type = simdjson::ondemand::json_type;
        const Type type = json::type_of(value);
        if (type == Type::string) return string(value);
        if (type != Type::number && type != Type::boolean) {
            throw_bad_input(
                fmt::format("\"{}\": \"{}\" must be a string, a number, true, false, or a list of them", field, name));
        }
        return json::checked_text(document_, value).value();
    }

    /// Calls `take(name, text)` for each pair of an object. A list stands for several pairs with one name.
    template <class Take>
    void read_pairs(simdjson::ondemand::value value, std::string_view field, Take take) {
        for (simdjson::ondemand::field inner : json::read_object(value, field)) {
            const std::string name(std::string_view(inner.unescaped_key()));
            simdjson::ondemand::value text = inner.value();
            if (json::type_of(text) != simdjson::ondemand::json_type::array) {
                take(name, pair(text, field, name));
                continue;
            }
            for (simdjson::ondemand::value element : text.get_array()) take(name, pair(element, field, name));
        }
    }

  private:
    simdjson::ondemand::document& document_;
    SecretExpander& secrets_;
    std::string expanded_;
};

}  // namespace plait::batch::internal
