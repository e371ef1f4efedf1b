#include "plait/net/internal/trusted_certificates.hpp"

#include "plait/base/error.hpp"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string_view>
#include <system_error>

namespace plait::net::internal {

namespace {

bool has_content(const std::string& file) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    return !error && size > 0;
}

/// Counts the files such as `5ad8a5d6.0`, the only kind that OpenSSL finds in a folder, up to `most`.
std::size_t certificates_in_folder(const std::string& folder, std::size_t most) {
    std::error_code error;
    std::size_t count = 0;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end && count < most;
         entry.increment(error)) {
        const std::string name = entry->path().filename();
        const auto dot = name.find('.');
        if (dot == 8 && name.find_first_not_of("0123456789abcdef") == dot) ++count;
    }
    return count;
}

bool has_certificates(const std::string& folder) { return certificates_in_folder(folder, 1) > 0; }

std::vector<std::string> parts_of(std::string_view list) {
    std::vector<std::string> parts;
    for (;;) {
        const auto colon = list.find(':');
        if (colon != 0 && !list.empty()) parts.emplace_back(list.substr(0, colon));
        if (colon == std::string_view::npos) return parts;
        list.remove_prefix(colon + 1);
    }
}

std::string listed(const TrustPlaces& places) {
    std::string text = places.file;
    for (const auto* names : {&places.folders, &places.other_files}) {
        for (const std::string& name : *names) text += (text.empty() ? "" : ", ") + name;
    }
    return text;
}

}  // namespace

std::size_t certificates_in_file(const std::string& path) {
    std::ifstream file(path);
    std::size_t count = 0;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("-----BEGIN ") && line.find("CERTIFICATE-----") != std::string::npos) ++count;
    }
    return count;
}

TrustPlaces system_trust_places() {
    const char* const file = std::getenv(::X509_get_default_cert_file_env());
    const char* const folders = std::getenv(::X509_get_default_cert_dir_env());
    TrustPlaces places{file ? file : ::X509_get_default_cert_file(),
                       parts_of(folders ? folders : ::X509_get_default_cert_dir())};
    if (file || folders) return places;
    places.other_files = {
        "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Arch, Gentoo
        "/etc/pki/tls/certs/ca-bundle.crt",                   // Fedora, RHEL 6
        "/etc/ssl/ca-bundle.pem",                             // openSUSE
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // RHEL 7 and later
        "/etc/ssl/cert.pem",                                  // Alpine, macOS, OpenBSD
        "/usr/local/etc/ssl/cert.pem",                        // FreeBSD
    };
    return places;
}

bool have_any(const TrustPlaces& places) {
    return has_content(places.file) || std::any_of(places.folders.begin(), places.folders.end(), has_certificates) ||
           std::any_of(places.other_files.begin(), places.other_files.end(), has_content);
}

SystemTrust count_certificates(const TrustPlaces& places) {
    if (const std::size_t count = certificates_in_file(places.file); count > 0) return {places.file, count};
    for (const std::string& folder : places.folders) {
        const std::size_t count = certificates_in_folder(folder, std::numeric_limits<std::size_t>::max());
        if (count > 0) return {folder, count};
    }
    for (const std::string& file : places.other_files) {
        if (const std::size_t count = certificates_in_file(file); count > 0) return {file, count};
    }
    return {listed(places), 0};
}

void trust_system(SSL_CTX* context, const TrustPlaces& places) {
    bool has_any = false;
    if (has_content(places.file) && ::SSL_CTX_load_verify_file(context, places.file.c_str()) == 1) has_any = true;
    for (const std::string& folder : places.folders) {
        if (has_certificates(folder) && ::SSL_CTX_load_verify_dir(context, folder.c_str()) == 1) has_any = true;
    }
    for (const std::string& file : places.other_files) {
        if (has_any) break;
        has_any = has_content(file) && ::SSL_CTX_load_verify_file(context, file.c_str()) == 1;
    }
    ::ERR_clear_error();
    if (has_any) return;
    throw Error(ErrorCode::tls, "this machine has no trusted certificates (looked for in " + listed(places) +
                                    "): install the package ca-certificates, or name a file with --cacert");
}

}  // namespace plait::net::internal
