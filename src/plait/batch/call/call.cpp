#include "plait/batch/call/call.hpp"

#include <fmt/format.h>

namespace plait::batch {

std::string automatic_id(std::uint64_t line) {
    const fmt::format_int number(line);  // this runs for each of a million lines
    return std::string("line-").append(number.data(), number.size());
}

std::string page_id(std::string_view custom_id, std::size_t page) {
    return page == 1 ? std::string(custom_id) : fmt::format("{}#{}", custom_id, page);
}

bool is_page_id(std::string_view id) noexcept {
    const std::size_t end = id.find_last_not_of("0123456789");
    return end != std::string_view::npos && end + 1 < id.size() && id[end] == '#';
}

}  // namespace plait::batch
