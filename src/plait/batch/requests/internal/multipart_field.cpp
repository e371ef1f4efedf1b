#include "plait/batch/requests/internal/multipart_field.hpp"

#include "plait/base/error.hpp"
#include "plait/http/message/headers.hpp"
#include "plait/json/fields.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace plait::batch::internal {

namespace {

namespace ondemand = simdjson::ondemand;

[[noreturn]] void refuse(std::string_view why) { throw_bad_input(fmt::format("\"multipart\": {}", why)); }

/// Refuses what would break out of the part's header line.
std::string checked_type(std::string_view type) {
    http::Headers().add("Content-Type", std::string(type));  // throws when it can't be one
    return std::string(type);
}

void check(const MultipartPart& part, bool has_value) {
    if (part.name.empty()) refuse("each part needs a \"name\"");
    if (has_value == !part.file.empty()) refuse(fmt::format("\"{}\" needs a \"value\" or a \"file\"", part.name));
    if (has_value && !part.filename.empty()) refuse(fmt::format("\"{}\" is no file and has a \"filename\"", part.name));
}

}  // namespace

std::vector<MultipartPart> read_multipart(
    ondemand::value value,
    const std::function<std::string_view(ondemand::value value, std::string_view name)>& text_of) {
    constexpr std::array<std::string_view, 5> known{"name", "value", "file", "filename", "type"};
    std::vector<MultipartPart> parts;
    for (ondemand::value element : json::read_list(value, "multipart")) {
        MultipartPart& part = parts.emplace_back();
        bool has_value = false;
        for (ondemand::field field : json::read_object(element, "multipart")) {
            const std::string name(std::string_view(field.unescaped_key()));
            if (name == "name") {
                part.name = json::read_name(field.value(), name);
            } else if (name == "value") {
                part.value = text_of(field.value(), name);
                has_value = true;
            } else if (name == "file") {
                part.file = json::read_name(field.value(), name);
            } else if (name == "filename") {
                part.filename = json::read_name(field.value(), name);
            } else if (name == "type") {
                part.type = checked_type(json::read_name(field.value(), name));
            } else {
                refuse(json::unknown_field(name, known));
            }
        }
        check(part, has_value);
    }
    if (parts.empty()) refuse("the list is empty");
    return parts;
}

MultipartForm make_form(std::vector<MultipartPart> parts, std::string_view boundary) {
    MultipartForm form(boundary);
    for (MultipartPart& part : parts) {
        if (part.file.empty()) {
            form.add_field(part.name, part.value, part.type);
            continue;
        }
        try {
            form.add_file(part.name, std::move(part.file), part.filename, part.type);
        } catch (const Error& error) {
            refuse(error.what());
        }
    }
    return form;
}

}  // namespace plait::batch::internal
