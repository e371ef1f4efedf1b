#include "plait/http/h1/internal/common_head.hpp"

#include "plait/base/error.hpp"
#include "plait/http/h1/internal/h1_request.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace plait;
using namespace plait::http;
using namespace plait::http::internal;

namespace {

Request request_of(const std::string& method, const std::string& url, const Headers& own, const std::string& body) {
    Request request(method, url);
    request.headers = own;
    request.body = body;
    return request;
}

/// The head that `write` returns, or its error.
template <class Write>
std::string outcome(Write write) {
    try {
        return write();
    } catch (const Error& error) {
        return std::string("error: ") + error.what();
    }
}

}  // namespace

TEST_CASE("the head of a request is the same, whether it is serialised whole or from what is common") {
    const std::vector<Headers> defaults{
        {},
        {{"X-Tenant", "1"}, {"Authorization", "secret"}},
        {{"User-Agent", "me"}, {"Accept", "text/plain"}, {"Accept-Encoding", "br"}, {"Host", "b.example"}},
        {{"Range", "bytes=0-9"}, {"Connection", "close"}},
        {{"Content-Length", "4"}},
        {{"Connection", "upgrade"}, {"X-Tenant", "1"}},
    };
    const std::vector<Headers> own{
        {},
        {{"Content-Type", "application/json"}},
        {{"x-tenant", "7"}, {"B", "c"}, {"B", "d"}},
        {{"Host", "c.example"}},
        {{"Host", "c.example"}, {"Host", "d.example"}},
        {{"accept", "a/b"}},
        {{"User-Agent", "you"}},
        {{"accept-encoding", "identity"}},
        {{"Range", "bytes=5-"}},
        {{"Content-Length", "4"}},
        {{"Content-Length", "5"}},
        {{"Transfer-Encoding", "chunked"}},
        {{"Connection", "keep-alive"}},
        {{"Connection", "upgrade"}},
        {{"Proxy-Authorization", "x"}},
    };
    for (const Decoding decoding : {Decoding::on, Decoding::off}) {
        for (const Headers& usual : defaults) {
            HeadWriter writer(usual, decoding);
            for (const char* url : {"http://a.example/x?y=1", "http://a.example:8080/", "http://a.example/z"}) {
                for (const char* method : {"GET", "HEAD", "POST", "DELETE"}) {
                    for (const char* body : {"", "four"}) {
                        for (const Headers& fields : own) {
                            const Request request = request_of(method, url, fields, body);
                            const std::string whole = outcome([&] { return serialize_head(request, usual, decoding); });
                            CHECK(outcome([&] { return writer.head_of(request); }) == whole);
                        }
                    }
                }
            }
        }
    }
}

TEST_CASE("the heads of many origins are each their own") {
    const Headers none;
    HeadWriter writer(none, Decoding::on);
    for (int round = 0; round < 2; ++round) {
        for (int n = 0; n < 1'500; ++n) {
            const Request request("GET", "http://host-" + std::to_string(n) + ".example/");
            CHECK(writer.head_of(request) == serialize_head(request, none, Decoding::on));
        }
    }
}
