#include "plait/http/incoming/request_reader.hpp"

#include <doctest/doctest.h>

using plait::http::RequestBounds;
using plait::http::RequestReader;
using Progress = RequestReader::Progress;

namespace {

const RequestBounds defaults(64 * 1024, 100 * 1024 * 1024);

/// Returns the requests in `bytes`, given in pieces of `piece` bytes, one line each.
std::string requests_in(std::string_view bytes, std::size_t piece) {
    RequestReader reader(defaults);
    std::string seen;
    const auto note = [&](Progress progress) {
        while (progress == Progress::complete) {
            const auto& request = reader.request();
            seen +=
                request.method + " " + request.target + " " + request.body + (request.keep_alive ? "\n" : " last\n");
            progress = reader.receive();
        }
        if (progress == Progress::refused) seen += "refused " + std::to_string(reader.refusal()) + "\n";
        return progress;
    };
    for (std::size_t i = 0; i < bytes.size(); i += piece) {
        if (note(reader.receive(bytes.substr(i, piece))) == Progress::refused) break;
    }
    return seen;
}

std::string requests_in(std::string_view bytes) {
    const std::string whole = requests_in(bytes, bytes.size());
    for (const std::size_t piece : {1, 2, 3, 7}) CHECK(requests_in(bytes, piece) == whole);
    return whole;
}

int refusal_of(std::string_view bytes, const RequestBounds& limits = defaults) {
    RequestReader reader(limits);
    return reader.receive(bytes) == Progress::refused ? reader.refusal() : 0;
}

}  // namespace

TEST_CASE("a request is the same for any split of its bytes") {
    CHECK(requests_in("GET /a?b=1 HTTP/1.1\r\nHost: h\r\n\r\n") == "GET /a?b=1 \n");
    CHECK(requests_in("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello") == "POST / hello\n");
    CHECK(requests_in(
              "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n2\r\n !\r\n0\r\nT: 1\r\n\r\n") ==
          "POST / hello !\n");
    CHECK(requests_in("DELETE /x HTTP/1.1\r\nConnection: close\r\n\r\n") == "DELETE /x  last\n");
    CHECK(requests_in("GET / HTTP/1.0\r\n\r\n") == "GET /  last\n");
    CHECK(requests_in("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") == "GET / \n");
}

TEST_CASE("pipelined requests are read one by one") {
    CHECK(
        requests_in("GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 2\r\n\r\nabGET /3 HTTP/1.1\r\n\r\n") ==
        "GET /1 \nPOST /2 ab\nGET /3 \n");
}

TEST_CASE("a request has its own fields, and none of the one before") {
    RequestReader reader(defaults);
    CHECK(reader.receive("GET / HTTP/1.1\r\nX-A: 1\r\nx-a: 2\r\n\r\nGET / HTTP/1.1\r\nX-B: 3\r\n\r\n") ==
          Progress::complete);
    CHECK(reader.request().headers.get_all("x-a").size() == 2);
    CHECK(reader.receive() == Progress::complete);
    CHECK(reader.request().headers.size() == 1);
    CHECK(reader.request().headers.get("x-b") == "3");
}

TEST_CASE("bytes that are not a request are refused") {
    CHECK(refusal_of("rubbish\r\n\r\n") == 400);
    CHECK(refusal_of("\x16\x03\x01\x02\x03\r\n\r\n") == 400);
    CHECK(refusal_of("GET / HTTP/1.1\r\nNo colon\r\n\r\n") == 400);
    CHECK(refusal_of("POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n") == 400);
    CHECK(refusal_of("GET / HTTP/2.0\r\n\r\n") == 400);
}

TEST_CASE("requests have limits") {
    const RequestBounds small(100, 10);
    CHECK(refusal_of("GET / HTTP/1.1\r\nX: " + std::string(100, 'x'), small) == 431);
    CHECK(refusal_of("POST / HTTP/1.1\r\nContent-Length: 11\r\n\r\n", small) == 413);
    CHECK(refusal_of("POST / HTTP/1.1\r\nContent-Length: 9223372036854775807\r\n\r\n") == 413);
    CHECK(refusal_of("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                     "8\r\n12345678\r\n8\r\n12345678\r\n",
                     small) == 413);
    CHECK(refusal_of("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(200, 'x'), small) == 431);
}

TEST_CASE("an expectation is reported once, after the head and before the body") {
    RequestReader reader(defaults);
    CHECK_FALSE(reader.take_expectation());
    reader.receive("POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n");
    CHECK_FALSE(reader.take_expectation());
    reader.receive("\r\n");
    CHECK(reader.take_expectation());
    CHECK_FALSE(reader.take_expectation());
    CHECK(reader.receive("ab") == Progress::complete);
    CHECK_FALSE(reader.take_expectation());
    reader.receive("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n");
    CHECK_FALSE(reader.take_expectation());
}
