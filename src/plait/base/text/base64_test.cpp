#include "plait/base/text/base64.hpp"

#include <doctest/doctest.h>

#include <utility>

using namespace plait;

namespace {

std::string base64(std::string_view bytes) {
    std::string out;
    append_base64(out, bytes);
    return out;
}

}  // namespace

TEST_CASE("the examples of RFC 4648 section 10 are encoded and decoded") {
    for (const auto& [bytes, text] : {std::pair{"", ""},
                                      {"f", "Zg=="},
                                      {"fo", "Zm8="},
                                      {"foo", "Zm9v"},
                                      {"foob", "Zm9vYg=="},
                                      {"fooba", "Zm9vYmE="},
                                      {"foobar", "Zm9vYmFy"}}) {
        CHECK(base64(bytes) == text);
        CHECK(decode_base64(text) == bytes);
    }
}

TEST_CASE("every byte survives base64") {
    std::string bytes;
    for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
    CHECK(decode_base64(base64(bytes)) == bytes);
}

TEST_CASE("text that is not base64 decodes to nothing") {
    for (std::string text : {"Z", "Zg", "Zg=", "Z===", "====", "Zm=v", "Zm9v!A==", "Zg==Zg==", "Zm9 "}) {
        CAPTURE(text);
        CHECK_FALSE(decode_base64(text));
    }
}
