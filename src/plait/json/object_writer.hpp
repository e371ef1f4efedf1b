#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plait::json {

/// Writes a JSON object, one field after the other. Names are plain words, and are written as they are.
class ObjectWriter {
  public:
    ObjectWriter& text(std::string_view name, std::string_view value);
    ObjectWriter& flag(std::string_view name, bool value);
    ObjectWriter& count(std::string_view name, std::uint64_t value);
    /// A number that is none, or infinite, is null.
    ObjectWriter& number(std::string_view name, double value);
    /// The value is JSON already.
    ObjectWriter& json(std::string_view name, std::string_view value);
    /// A list of what `write` makes of each of the values: JSON.
    template <class Values, class Write>
    ObjectWriter& list(std::string_view name, const Values& values, Write write) {
        std::string text;
        for (const auto& value : values) text.append(text.empty() ? "" : ",").append(write(value));
        return json(name, "[" + text + "]");
    }
    /// An object with a count for each name, which may be any text.
    ObjectWriter& counts(std::string_view name, const std::vector<std::pair<std::string, std::uint64_t>>& values);

    /// Null when there is nothing.
    ObjectWriter& number(std::string_view name, const std::optional<double>& value);
    ObjectWriter& count(std::string_view name, const std::optional<std::uint64_t>& value);

    /// The object.
    std::string end() { return out_ + "}"; }

  private:
    void begin(std::string_view name);

    std::string out_ = "{";
};

}  // namespace plait::json
