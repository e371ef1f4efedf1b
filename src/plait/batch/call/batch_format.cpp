#include "plait/batch/call/batch_format.hpp"

#include "plait/base/error.hpp"

#include <fmt/format.h>

#include <string>

namespace plait::batch {

const BatchFormatEntry* find_batch_format(BatchFormat format) noexcept {
    for (const BatchFormatEntry& entry : batch_formats) {
        if (entry.format == format) return &entry;
    }
    return nullptr;
}

BatchFormat parse_batch_format(std::string_view name) {
    std::string names;
    for (const BatchFormatEntry& entry : batch_formats) {
        if (entry.name == name) return entry.format;
        names += fmt::format("{}{}", names.empty() ? "" : ", ", entry.name);
    }
    throw_bad_input(fmt::format("'{}' is not one of {}", name, names));
}

}  // namespace plait::batch
