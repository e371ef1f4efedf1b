#include "plait/batch/internal/json_object.hpp"

#include "plait/batch/internal/json_text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace plait::batch::internal {

void JsonObject::begin(std::string_view name) {
    if (out_.size() > 1) out_ += ',';
    out_.append("\"").append(name).append("\":");
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
    begin(name);
    append_json_string(out_, value);
    return *this;
}

JsonObject& JsonObject::flag(std::string_view name, bool value) { return json(name, value ? "true" : "false"); }

JsonObject& JsonObject::count(std::string_view name, std::uint64_t value) { return json(name, fmt::to_string(value)); }

JsonObject& JsonObject::number(std::string_view name, double value) {
    return json(name, std::isfinite(value) ? fmt::format("{}", value) : "null");
}

JsonObject& JsonObject::json(std::string_view name, std::string_view value) {
    begin(name);
    out_ += value;
    return *this;
}

JsonObject& JsonObject::counts(std::string_view name,
                               const std::vector<std::pair<std::string, std::uint64_t>>& values) {
    std::string text;
    for (const auto& [key, count] : values) {
        if (!text.empty()) text += ',';
        append_json_string(text, key);
        text += fmt::format(":{}", count);
    }
    return json(name, "{" + text + "}");
}

JsonObject& JsonObject::number(std::string_view name, const std::optional<double>& value) {
    return value ? number(name, *value) : json(name, "null");
}

JsonObject& JsonObject::count(std::string_view name, const std::optional<std::uint64_t>& value) {
    return value ? count(name, *value) : json(name, "null");
}

}  // namespace plait::batch::internal
