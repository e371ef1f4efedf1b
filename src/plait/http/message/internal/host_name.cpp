#include "plait/http/message/internal/host_name.hpp"

#include "plait/base/error.hpp"

#include <idn2.h>

#include <memory>

namespace plait::http::internal {

std::string ascii_host_name(std::string_view utf_8) {
    if (utf_8.find('\0') != std::string_view::npos) throw_bad_input("a NUL is in it");
    const std::string name(utf_8);
    std::uint8_t* found = nullptr;
    const int result = ::idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(name.c_str()), &found,
                                        IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    const std::unique_ptr<std::uint8_t, decltype(&::idn2_free)> owner(found, ::idn2_free);
    if (result != IDN2_OK) throw_bad_input(::idn2_strerror(result));
    return reinterpret_cast<const char*>(found);
}

}  // namespace plait::http::internal
