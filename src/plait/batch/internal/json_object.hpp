#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plait::batch::internal {

/// Writes a JSON object, one field after the other. Names are plain words, and are written as they are.
class JsonObject {
  public:
    JsonObject& text(std::string_view name, std::string_view value);
    JsonObject& flag(std::string_view name, bool value);
    JsonObject& count(std::string_view name, std::uint64_t value);
    /// A number that is none, or infinite, is null.
    JsonObject& number(std::string_view name, double value);
    /// The value is JSON already.
    JsonObject& json(std::string_view name, std::string_view value);
    JsonObject& list(std::string_view name, const std::vector<std::string>& values);

    /// Null when there is nothing.
    JsonObject& number(std::string_view name, const std::optional<double>& value);
    JsonObject& count(std::string_view name, const std::optional<std::uint64_t>& value);

    /// The object.
    std::string end() { return out_ + "}"; }

  private:
    void begin(std::string_view name);

    std::string out_ = "{";
};

}  // namespace plait::batch::internal
