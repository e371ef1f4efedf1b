#include "plait/net/internal/openssl.hpp"

#include "plait/base/error.hpp"

#include <openssl/err.h>

namespace plait::net::internal {

std::string take_openssl_reason() {
    std::string reason = "unknown reason";
    while (const unsigned long code = ::ERR_get_error()) {
        if (ERR_SYSTEM_ERROR(code)) {
            reason = system_message(static_cast<int>(ERR_GET_REASON(code)));
            break;
        }
        const char* const text = ::ERR_reason_error_string(code);
        reason = text ? text : "OpenSSL error " + std::to_string(code);
    }
    ::ERR_clear_error();
    return reason;
}

void check_openssl(bool success, std::string_view what) {
    if (!success) throw Error(ErrorCode::tls, std::string(what) + ": " + take_openssl_reason());
}

OwnedBio read_from(const std::string& text) {
    OwnedBio bio(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    check_openssl(bio != nullptr, "read PEM text");
    return bio;
}

std::string written_to(BIO* memory) {
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory, &text);
    return std::string(text, static_cast<std::size_t>(size));
}

}  // namespace plait::net::internal
