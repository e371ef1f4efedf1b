#include "plait/http/transfer/internal/body_receiver.hpp"

#include "plait/base/error.hpp"
#include "plait/coding/encoder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>

using namespace plait;
using namespace plait::http;
using namespace plait::http::internal;
using coding::Coding;
using namespace std::string_literals;

namespace {

constexpr std::size_t usual_memory = 10'000'000;

/// What becomes of a body in a coding.
struct Case {
    Limits limits;
    int status = 200;
    Decoding decoding = Decoding::on;
    std::size_t memory = usual_memory;
    Response response;

    /// Returns the error, or nothing.
    std::string receive(std::string_view codings, std::string_view bytes, std::size_t piece = 1000) {
        response = Response();
        response.status = status;
        response.headers.add("Content-Encoding", codings);
        BodyMemory all(memory);
        try {
            BodyReceiver body(response, limits, all, decoding);
            body.begin(std::nullopt);
            for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) body.put(bytes.substr(0, piece));
            body.end();
        } catch (const Error& error) {
            return std::string(to_string(error.code())) + ": " + error.what();
        }
        return "";
    }
};

std::string gzip(std::string_view data) { return coding::encode(Coding::gzip, data); }
std::string brotli(std::string_view data) { return coding::encode(Coding::brotli, data); }

std::string numbers() {
    std::string text;
    for (unsigned n = 0; text.size() < 44'000; ++n) text += std::to_string(n * 2654435761U);
    text.resize(44'000);
    return text;
}

}  // namespace

TEST_CASE("a coded body is decoded, and its coding is named") {
    Case body;
    CHECK(body.receive("GZIP", gzip("text"), 1) == "");
    CHECK(body.response.body == "text");
    CHECK(body.response.coding == "gzip");
    CHECK(body.response.is_decoded);
}

TEST_CASE("codings are undone in the reverse of their order") {
    Case body;
    CHECK(body.receive("gzip, br", brotli(gzip(numbers()))) == "");
    CHECK(body.response.body == numbers());
    CHECK(body.receive("gzip,gzip , gzip", gzip(gzip(gzip("text")))) == "");
    CHECK(body.response.body == "text");
    CHECK(body.receive("br, gzip", brotli(gzip("text"))).starts_with("protocol: the body can't be decoded: its gzip"));
}

TEST_CASE("a body in an unknown coding stays as it is, and says so") {
    Case body;
    CHECK(body.receive("gzip, foo", "bytes") == "");
    CHECK(body.response.body == "bytes");
    CHECK(body.response.coding == "gzip, foo");
    CHECK_FALSE(body.response.is_decoded);
}

TEST_CASE("a body is left alone if nobody wants it decoded, or if it is a part") {
    Case unwanted;
    unwanted.decoding = Decoding::off;
    Case part;
    part.status = 206;
    for (Case* body : {&unwanted, &part}) {
        CHECK(body->receive("gzip", gzip("text")) == "");
        CHECK(body->response.body == gzip("text"));
        CHECK(body->response.coding == "gzip");
        CHECK_FALSE(body->response.is_decoded);
    }
}

TEST_CASE("an empty body needs no end of its coding") {
    Case body;
    for (const char* codings : {"gzip", "deflate", "br", "zstd", "gzip, br"}) {
        CHECK(body.receive(codings, "") == "");
        CHECK(body.response.body.empty());
    }
}

TEST_CASE("a cut is an error in each coding of a chain") {
    Case body;
    const std::string inner = gzip(numbers());
    CHECK(body.receive("gzip", inner.substr(0, inner.size() - 8)) ==
          "protocol: the body can't be decoded: its gzip data is truncated, after 44000 bytes");
    CHECK(body.response.body == numbers());  // what came is there
    CHECK(body.receive("gzip, br", brotli(inner.substr(0, inner.size() / 2)))
              .starts_with("protocol: the body can't be decoded: its gzip data is truncated, after "));
    const std::string outer = brotli(inner);
    CHECK(body.receive("gzip, br", std::string_view(outer).substr(0, outer.size() - 1))
              .starts_with("protocol: the body can't be decoded: its br data is truncated, after "));
}

TEST_CASE("damage says where it is, and how to keep the bytes") {
    Case body;
    CHECK(body.receive("gzip", "plain text") ==
          "protocol: the body can't be decoded: its gzip data is damaged (incorrect header check), after 0 bytes "
          "(--no-decode)");
}

TEST_CASE("decoded bytes count for the limits on bodies") {
    Case body;
    body.limits.body_bytes = 43'999;
    CHECK(body.receive("gzip", gzip(numbers())) ==
          "too_large: the answer has more than 43999 bytes of body (--max-body)");
    body.limits.body_bytes = 44'000;
    CHECK(body.receive("gzip", gzip(numbers())) == "");

    Case large;
    large.memory = 600'000;
    CHECK(large.receive("gzip", gzip(std::string(200'000, 'x'))) == "");
    CHECK(large.receive("gzip", gzip(std::string(1'000'000, 'x'))).starts_with("too_large: the bodies of all answers"));
}

TEST_CASE("coded bytes count, too, whatever they decode to") {
    Case body;
    body.limits.body_bytes = 100'000;
    CHECK(body.receive("gzip", gzip("a") + std::string(200'000, '\0'))
              .starts_with("too_large: the answer has more than"));
}

TEST_CASE("a window counts for the memory of all bodies") {
    const std::string frame = "\x28\xb5\x2f\xfd\0\x88\x11\0\0hi"s;  // 128 MiB
    Case body;
    CHECK(body.receive("zstd", frame).starts_with("too_large: the bodies of all answers"));
    body.memory = 200'000'000;
    CHECK(body.receive("zstd", frame) == "");
    CHECK(body.response.body == "hi");
}

TEST_CASE("a body that decodes to much more than came is refused, however often it is coded") {
    Case body;
    body.memory = body.limits.body_bytes = 200'000'000;
    const std::string zeros(50'000'000, '\0');
    CHECK(body.receive("gzip", gzip(zeros)) == "");  // no gzip body exceeds the ratio
    CHECK(body.receive("br", brotli(zeros))
              .starts_with("too_large: the body decodes to more than 1100 times its size: "));
    CHECK(body.receive("gzip, gzip", gzip(gzip(zeros)))
              .starts_with("too_large: the body decodes to more than 1100 times"));
    // The inner decoder swallows zeros, and makes nothing of them.
    CHECK(body.receive("gzip, br", brotli(gzip("a") + zeros)).starts_with("too_large: the body decodes to more than"));
    CHECK(body.receive("br", brotli(std::string(1'000'000, 'x'))) == "");  // a little is harmless at any ratio
}
