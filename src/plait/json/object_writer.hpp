#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::json {

/// Writes a JSON object, one field after another. Names are plain words, and are written without escapes.
class ObjectWriter {
  public:
    ObjectWriter& text(std::string_view name, std::string_view value);
    ObjectWriter& flag(std::string_view name, bool value);
    ObjectWriter& count(std::string_view name, std::uint64_t value);
    /// Writes NaN and infinity as null.
    ObjectWriter& number(std::string_view name, double value);
    /// Writes a value that is JSON already.
    ObjectWriter& json(std::string_view name, std::string_view value);
    /// Writes a list. `write` turns each value into JSON.
    template <class Values, class Write>
    ObjectWriter& list(std::string_view name, const Values& values, Write write) {
        std::string text;
        for (const auto& value : values) text.append(text.empty() ? "" : ",").append(write(value));
        return json(name, "[" + text + "]");
    }
    /// Writes an object with a count for each name. These names may be any text.
    ObjectWriter& counts(std::string_view name, const std::vector<std::pair<std::string, std::uint64_t>>& values);

    /// Writes null if there is no value.
    ObjectWriter& number(std::string_view name, const std::optional<double>& value);
    ObjectWriter& count(std::string_view name, const std::optional<std::uint64_t>& value);

    /// Returns the object.
    std::string end() { return out_ + "}"; }

  private:
    void begin(std::string_view name);

    std::string out_ = "{";
};

}  // namespace plait::json
