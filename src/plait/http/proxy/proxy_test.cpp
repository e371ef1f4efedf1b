#include "plait/http/proxy/proxy.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait;
using namespace plait::http;

namespace {

std::string error_of(const char* text) {
    try {
        return Proxy(text).to_string();
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::bad_input);
        return error.what();
    }
}

}  // namespace

TEST_CASE("a proxy has a kind, a host and a port, each with a default") {
    CHECK(Proxy("http://proxy.example:3128").to_string() == "http://proxy.example:3128");
    CHECK(Proxy("proxy.example:3128").to_string() == "http://proxy.example:3128");
    CHECK(Proxy("Proxy.Example/").to_string() == "http://proxy.example:1080");
    CHECK(Proxy("http://proxy.example:80").to_string() == "http://proxy.example:80");
    CHECK(Proxy("HTTPS://proxy.example").to_string() == "https://proxy.example:443");
    CHECK(Proxy("socks5://127.0.0.1").to_string() == "socks5://127.0.0.1:1080");
    CHECK(Proxy("socks5h://[::1]:9").to_string() == "socks5h://[::1]:9");
    CHECK(Proxy("[::1]").endpoint == net::Endpoint("::1", 1080));
}

TEST_CASE("user and password of a proxy are percent-decoded, and never shown") {
    const Proxy proxy("http://us%65r:p%40s:s/@proxy.example");
    CHECK(proxy.credentials == Credentials("user", "p@s:s/"));
    CHECK(proxy.to_string() == "http://proxy.example:1080");
    CHECK(Proxy("http://user@proxy.example").credentials == Credentials("user", ""));
    CHECK(Proxy("http://user:100%@proxy.example").credentials == Credentials("user", "100%"));
    CHECK_FALSE(Proxy("http://proxy.example").credentials);
}

TEST_CASE("a URL that can't be a proxy is refused, without showing its password") {
    CHECK(error_of("ftp://user:secret@proxy.example") ==
          "unknown proxy kind 'ftp' (use http, https, socks5 or socks5h)");
    CHECK(error_of("http://user:secret@proxy.example/path") ==
          "a proxy is KIND://USER:PASSWORD@HOST:PORT, without a path");
    CHECK(error_of("http://user:secret@proxy.example:99999").find("secret") == std::string::npos);
    CHECK(error_of("http://us%3Aer:secret@proxy.example").find("colon") != std::string::npos);
    CHECK(error_of(("socks5://" + std::string(256, 'u') + "@proxy.example").c_str()).find("255") != std::string::npos);
    CHECK(error_of("").find("has no host") != std::string::npos);
}
