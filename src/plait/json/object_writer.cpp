#include "plait/json/object_writer.hpp"

#include "plait/json/text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace plait::json {

void ObjectWriter::begin(std::string_view name) {
    if (out_.size() > 1) out_ += ',';
    out_.append("\"").append(name).append("\":");
}

ObjectWriter& ObjectWriter::text(std::string_view name, std::string_view value) {
    begin(name);
    append_string(out_, value);
    return *this;
}

ObjectWriter& ObjectWriter::flag(std::string_view name, bool value) { return json(name, value ? "true" : "false"); }

ObjectWriter& ObjectWriter::count(std::string_view name, std::uint64_t value) {
    return json(name, fmt::to_string(value));
}

ObjectWriter& ObjectWriter::number(std::string_view name, double value) {
    return json(name, std::isfinite(value) ? fmt::format("{}", value) : "null");
}

ObjectWriter& ObjectWriter::json(std::string_view name, std::string_view value) {
    begin(name);
    out_ += value;
    return *this;
}

ObjectWriter& ObjectWriter::counts(std::string_view name,
                                   const std::vector<std::pair<std::string, std::uint64_t>>& values) {
    std::string text;
    for (const auto& [key, count] : values) {
        if (!text.empty()) text += ',';
        append_string(text, key);
        text += fmt::format(":{}", count);
    }
    return json(name, "{" + text + "}");
}

ObjectWriter& ObjectWriter::number(std::string_view name, const std::optional<double>& value) {
    return value ? number(name, *value) : json(name, "null");
}

ObjectWriter& ObjectWriter::count(std::string_view name, const std::optional<std::uint64_t>& value) {
    return value ? count(name, *value) : json(name, "null");
}

}  // namespace plait::json
