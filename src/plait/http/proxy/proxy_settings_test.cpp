#include "plait/http/proxy/proxy_settings.hpp"

#include "plait/base/error.hpp"
#include "plait/http/message/url.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>

using namespace plait;
using namespace plait::http;

namespace {

using Environment = std::map<std::string, std::string, std::less<>>;

ProxySettings settings(const Environment& environment) {
    return proxies_from([&environment](std::string_view name) -> std::optional<std::string> {
        const auto found = environment.find(name);
        return found == environment.end() ? std::nullopt : std::optional(found->second);
    });
}

std::string way(const Environment& environment, const Url& url = "http://a.example/") {
    return settings(environment).explain(url.is_https(), url.host(), url.port());
}

}  // namespace

TEST_CASE("each scheme has its variable, and all_proxy is for those without") {
    const Environment environment{{"http_proxy", "one:1"}, {"ALL_PROXY", "socks5h://two:2"}};
    CHECK(way(environment, "http://a.example/") == "through http://one:1 (http_proxy)");
    CHECK(way(environment, "https://a.example/") == "through socks5h://two:2 (ALL_PROXY)");
    CHECK(way({{"http_proxy", "one:1"}}, "https://a.example/") == "direct: there is no proxy for https");
    CHECK(settings({}).empty());
}

TEST_CASE("lower case wins, even if it is empty") {
    CHECK(way({{"http_proxy", "one:1"}, {"HTTP_PROXY", "two:2"}}) == "through http://one:1 (http_proxy)");
    CHECK(way({{"http_proxy", ""}, {"HTTP_PROXY", "two:2"}, {"all_proxy", "three:3"}}) ==
          "direct: there is no proxy for http");
    CHECK(way({{"http_proxy", "one:1"}, {"no_proxy", ""}, {"NO_PROXY", "a.example"}}) ==
          "through http://one:1 (http_proxy)");
}

TEST_CASE("in a CGI program, HTTP_PROXY is a header of the request and not read") {
    CHECK(way({{"HTTP_PROXY", "two:2"}}) == "through http://two:2 (HTTP_PROXY)");
    CHECK(way({{"HTTP_PROXY", "two:2"}, {"REQUEST_METHOD", "GET"}}) == "direct: there is no proxy for http");
    CHECK(way({{"http_proxy", "two:2"}, {"REQUEST_METHOD", "GET"}}) == "through http://two:2 (http_proxy)");
}

TEST_CASE("a decision names the entry of the list") {
    const Environment environment{{"all_proxy", "one:1"}, {"NO_PROXY", "b.example, .Example"}};
    CHECK(way(environment) == "direct: NO_PROXY has .Example");
    CHECK(settings(environment).find(false, "a.example", 80) == nullptr);
    CHECK(settings(environment).find(false, "a.other", 80)->to_string() == "http://one:1");
}

TEST_CASE("a variable that can't be used is named, without its password") {
    try {
        settings({{"https_proxy", "gopher://user:secret@x"}});
        FAIL("it was used");
    } catch (const Error& error) {
        CHECK(std::string(error.what()).starts_with("https_proxy of the environment: unknown proxy kind 'gopher'"));
        CHECK(std::string(error.what()).find("secret") == std::string::npos);
    }
}
