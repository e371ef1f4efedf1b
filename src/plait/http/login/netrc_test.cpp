#include "plait/http/login/netrc.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace plait;
using namespace plait::http;

namespace {

/// `USER:PASSWORD` for a URL, or the error.
std::string found(std::string_view netrc, const char* url) {
    CredentialTable table;
    try {
        add_netrc(table, netrc);
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::bad_input);
        return error.what();
    }
    const Credentials* const credentials = table.find(Url(url));
    return credentials ? credentials->user + ":" + credentials->password : "none";
}

}  // namespace

TEST_CASE("an entry of a netrc file may be on one line or on several") {
    CHECK(found("machine a.example login me password secret", "https://a.example/") == "me:secret");
    CHECK(found("machine a.example\n\tlogin me\r\n\tpassword secret\n", "https://a.example:99/") == "me:secret");
    CHECK(found("machine a.example login me password secret", "https://b.example/") == "none");
    CHECK(found("", "https://a.example/") == "none");
}

TEST_CASE("the first entry of a host counts, and the default is for all other hosts") {
    constexpr std::string_view two =
        "machine a login 1 password 2 machine a login 3 password 4 default login 5 password 6";
    CHECK(found(two, "http://a/") == "1:2");
    CHECK(found(two, "http://b/") == "5:6");
}

TEST_CASE("values in a netrc file may be quoted, and comments and macros are skipped") {
    CHECK(found("machine a login \"m e\" password \"s#\\\"x\\\\\"", "http://a/") == "m e:s#\"x\\");
    CHECK(found("# password x\nmachine a # here\nlogin me account y password z", "http://a/") == "me:z");
    CHECK(found("machine a login me\nmacdef init\nmachine b\n\npassword z\n", "http://a/") == "me:z");
    CHECK(found("machine a login me", "http://a/") == "none");
}

TEST_CASE("a mistake in a netrc file is reported by its line, and no value is shown") {
    CHECK(found("\nlogin me", "http://a/") == "line 2: 'login' stands before the first 'machine'");
    CHECK(found("machine a login\n\n", "http://a/") == "line 1: 'login' is the last word");
    CHECK(found("machine a\nlogin me\npasword secret", "http://a/") ==
          "line 3: there is a word that is none of machine, default, login, password, account and macdef");
    CHECK(found("machine a login \"me", "http://a/") == "line 1: a quote is not closed");
}
