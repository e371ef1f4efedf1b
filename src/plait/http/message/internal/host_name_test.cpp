#include "plait/http/message/internal/host_name.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

using namespace plait;
using plait::http::internal::ascii_host_name;

TEST_CASE("international host names become ASCII as in browsers") {
    CHECK(ascii_host_name("b\xc3\xbc"
                          "cher.example") == "xn--bcher-kva.example");
    CHECK(ascii_host_name("B\xc3\x9c"
                          "CHER.example") == "xn--bcher-kva.example");  // case
    CHECK(ascii_host_name("stra\xc3\x9f"
                          "e.example") == "xn--strae-oqa.example");  // not "strasse"
    CHECK(ascii_host_name("\xef\xbd\x81.example") == "a.example");   // full-width
    CHECK(ascii_host_name("bu\xcc\x88"
                          "cher.example") == "xn--bcher-kva.example");     // combining
    CHECK(ascii_host_name("\xe4\xbe\x8b\xe3\x80\x82jp") == "xn--fsq.jp");  // ideographic full stop
}

TEST_CASE("a text that is no host name is refused") {
    for (const char* name : {"\xff.example", "\xc3", "xn--\xc3\xbc.example"})
        CHECK_THROWS_AS(ascii_host_name(name), Error);
    CHECK_THROWS_AS(ascii_host_name(std::string_view("\xc3\xbc\0x", 4)), Error);
    CHECK_THROWS_AS(ascii_host_name(std::string(64, 'a') + "\xc3\xbc"), Error);  // a label of more than 63
}
