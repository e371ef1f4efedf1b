#include "plait/http/message/internal/content_codings.hpp"

#include <doctest/doctest.h>

using namespace plait;
using namespace plait::http;
using namespace plait::http::internal;
using coding::Coding;

namespace {

ContentCodings read(std::initializer_list<std::string_view> lines) {
    Headers headers;
    for (const std::string_view line : lines) headers.add("content-encoding", line);
    return read_content_codings(headers);
}

}  // namespace

TEST_CASE("codings are read in any case, and lines are one list") {
    CHECK(read({"GZIP"}).known == std::vector{Coding::gzip});
    CHECK(read({"x-gzip"}).known == std::vector{Coding::gzip});
    CHECK(read({" gzip ,\tbr"}).known == std::vector{Coding::gzip, Coding::brotli});
    CHECK(read({"gzip", "br, Zstd", "deflate"}).known ==
          std::vector{Coding::gzip, Coding::brotli, Coding::zstd, Coding::deflate});
    CHECK(read({"GZIP", "br"}).names == "gzip, br");
}

TEST_CASE("identity and empty elements are no codings") {
    for (const auto& codings : {read({}), read({""}), read({"identity"}), read({", ,", "IDENTITY"})}) {
        CHECK(codings.names.empty());
        CHECK(codings.known.empty());
    }
    CHECK(read({"gzip, identity"}).known == std::vector{Coding::gzip});
}

TEST_CASE("one unknown coding among others leaves them all, and so do more than five") {
    for (const char* line : {"foo", "gzip, foo", "foo, gzip", "compress", "x-compress", "gzip br", "gzip;q=1"}) {
        CHECK(read({line}).known.empty());
        CHECK(read({line}).names == line);
    }
    CHECK(read({"gzip, gzip, gzip, gzip, gzip"}).known.size() == 5);
    CHECK(read({"gzip, gzip, gzip, gzip, gzip, gzip"}).known.empty());
}
