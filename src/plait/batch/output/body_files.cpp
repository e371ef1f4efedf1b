#include "plait/batch/output/body_files.hpp"

#include "plait/base/error.hpp"
#include "plait/http/body/saved_body.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <system_error>

namespace plait::batch {

namespace {

/// File systems take 255 bytes; the rest is for the reader's own suffixes.
constexpr std::size_t longest_name = 200;

bool is_plain(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/// FNV-1a, 64 bits. It tells long ids apart that begin alike.
std::uint64_t checksum(std::string_view text) noexcept {
    std::uint64_t sum = 0xcbf29ce484222325;
    for (const char c : text) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return sum;
}

}  // namespace

std::string body_file_name(std::string_view custom_id) {
    std::string name;
    for (const char c : custom_id) {
        if (is_plain(c) || (c == '.' && !name.empty())) {
            name += c;
        } else {
            name += fmt::format("%{:02X}", static_cast<unsigned char>(c));
        }
    }
    if (name.size() <= longest_name) return name;
    const std::string end = fmt::format("~{:016x}", checksum(custom_id));
    return name.substr(0, longest_name - end.size()) + end;
}

void prepare_body_folder(const std::string& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) throw_bad_input(fmt::format("make the folder {}: {}", path, error.message()));
    http::remove_abandoned_bodies(path);
    try {
        const http::SavedBody trial(path);
    } catch (const Error& failure) {
        throw_bad_input(failure.what());
    }
}

}  // namespace plait::batch
