#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <set>
#include <string>

using namespace plait;

TEST_CASE("an error keeps its code and its message") {
    Error error(ErrorCode::connect, "connect api.example:443: refused");
    CHECK(error.code() == ErrorCode::connect);
    CHECK(std::string(error.what()) == "connect api.example:443: refused");
}

TEST_CASE("bad input is thrown with its code") {
    try {
        throw_bad_input("no such flag");
        FAIL("nothing was thrown");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::bad_input);
        CHECK(std::string(error.what()) == "no such flag");
    }
}

TEST_CASE("every error code has a name of its own") {
    std::set<std::string_view> names;
    for (int code = 0; code <= static_cast<int>(ErrorCode::storage); ++code) {
        names.insert(to_string(static_cast<ErrorCode>(code)));
    }
    CHECK(names.size() == static_cast<std::size_t>(ErrorCode::storage) + 1);
    CHECK(names.count("unknown") == 0);
}

TEST_CASE("an errno value has the system's message") { CHECK(system_message(ECONNREFUSED) == "Connection refused"); }
