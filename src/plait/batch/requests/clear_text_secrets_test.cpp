#include "plait/batch/requests/clear_text_secrets.hpp"

#include <doctest/doctest.h>

#include <type_traits>

using namespace plait;
using namespace plait::batch;

namespace {

using Found = std::vector<ClearTextSecret>;

constexpr std::string_view clear_text = "a value in plain text";

/// Put together here, so that no one who looks for real tokens in this repository finds these.
std::string token(std::string_view prefix, std::size_t length) {
    std::string text(prefix);
    while (text.size() < prefix.size() + length) text += "A1B2C3D4"[text.size() % 8];
    return text;
}

const std::string jwt = "eyJ" + token("", 20) + ".eyJ" + token("", 20) + "." + token("", 30);

Found in_header(std::string_view name, std::string_view value) {
    http::Request request("GET", "https://api.example/");
    request.headers.add(name, value);
    return find_clear_text_secrets(request);
}

Found in_url(const std::string& target) {
    return find_clear_text_secrets(http::Request("GET", "https://api.example" + target));
}

Found in_body(std::string body, std::string_view type = "application/json") {
    http::Request request("POST", "https://api.example/");
    request.headers.add("Content-Type", type);
    request.body = std::move(body);
    return find_clear_text_secrets(request);
}

}  // namespace

TEST_CASE("a header for secrets holds one in clear text, unless it has a template") {
    for (const char* name : {"Authorization", "X-Api-Key", "api-key", "Cookie", "X-Goog-Api-Key", "X-Auth-Token",
                             "Ocp-Apim-Subscription-Key", "PRIVATE-TOKEN", "X-Client-Secret"}) {
        CAPTURE(name);
        CHECK(in_header(name, "Bearer correct horse") ==
              Found{ClearTextSecret(std::string("the header ") + name, clear_text)});
        CHECK(in_header(name, "Bearer {{env.API_KEY}}").empty());
        CHECK(in_header(name, "").empty());
    }
}

TEST_CASE("other headers are left alone") {
    for (const char* name : {"Accept", "Idempotency-Key", "X-Tenant", "Content-Type", "Authorization-Mode"}) {
        CAPTURE(name);
        CHECK(in_header(name, "correct horse battery staple").empty());
    }
}

TEST_CASE("a token of a well-known shape is found in any header, and named") {
    CHECK(in_header("X-Any", token("ghp_", 36)) == Found{ClearTextSecret("the header X-Any", "a GitHub token")});
    CHECK(in_header("Authorization", "Bearer " + token("sk-", 40)) ==
          Found{ClearTextSecret("the header Authorization", "an API key (sk-...)")});
}

TEST_CASE("each well-known shape of a token is recognised") {
    for (const auto& [text, kind] :
         std::vector<std::pair<std::string, std::string_view>>{{token("sk-proj-", 40), "an API key (sk-...)"},
                                                               {token("sk_live_", 24), "a Stripe key"},
                                                               {token("github_pat_", 60), "a GitHub token"},
                                                               {token("glpat-", 20), "a GitLab token"},
                                                               {token("xoxb-", 30), "a Slack token"},
                                                               {token("AKIA", 16), "an AWS access key"},
                                                               {token("AIza", 35), "a Google API key"},
                                                               {token("ya29.", 60), "a Google access token"},
                                                               {token("hf_", 34), "a Hugging Face token"},
                                                               {jwt, "a JSON Web Token"},
                                                               {"-----BEGIN RSA PRIVATE KEY-----", "a private key"},
                                                               {"-----BEGIN PRIVATE KEY-----", "a private key"}}) {
        CAPTURE(text);
        CHECK(in_body("[\"" + text + "\"]") == Found{ClearTextSecret("the body", kind)});
        CHECK(in_body("see " + text, "text/plain") == Found{ClearTextSecret("the body", kind)});
        CHECK(without_tokens("see (" + text + ") and " + text) == "see (***) and ***");
    }
}

TEST_CASE("text that only starts like a token is not one") {
    for (const std::string& text :
         {std::string("sk-learn-and-other-well-known-libraries"), token("task-", 40), token("ghp_", 20),
          token("AKIA", 15), token("AKIA", 17), std::string("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0"),
          std::string("eyJ.eyJ.x"), std::string("-----BEGIN CERTIFICATE-----"), std::string("sk-"),
          std::string("eyJ")}) {
        CAPTURE(text);
        CHECK(in_body("[\"" + text + "\"]").empty());
        CHECK(without_tokens(text) == text);
    }
}

TEST_CASE("a query parameter for secrets is recognised by its name") {
    CHECK(in_url("/a?q=1&api_key=abcdef&x") == Found{ClearTextSecret("\"api_key\" in the query", clear_text)});
    CHECK(in_url("/a?Access-Token=" + jwt) ==
          Found{ClearTextSecret("\"Access-Token\" in the query", "a JSON Web Token")});
    CHECK(in_url("/a?key=" + token("AIza", 35)) == Found{ClearTextSecret("\"key\" in the query", "a Google API key")});
    CHECK(in_url("/" + token("xoxb-", 30) + "/a") == Found{ClearTextSecret("the path of the URL", "a Slack token")});
    for (const char* target : {"/a?api_key=%7B%7Benv.KEY%7D%7D", "/a?api_key=", "/a?max_tokens=1000", "/a?api_key",
                               "/password=abcdef", "/a?"}) {
        CAPTURE(target);
        CHECK(in_url(target).empty());
    }
}

TEST_CASE("a JSON member for secrets is recognised by its name") {
    CHECK(in_body(R"({"user":{"password" : "hunter2"},"max_tokens":12,"n":"password"})") ==
          Found{ClearTextSecret("\"password\" in the body", clear_text)});
    CHECK(in_body(R"([{"clientSecret":"a\"b\\"},{"clientSecret":"abcd"}])") ==
          Found{ClearTextSecret("\"clientSecret\" in the body", clear_text)});
    CHECK(in_body(R"({"api_key":")" + token("sk-", 30) + R"(","note":")" + token("ghp_", 36) + "\"}") ==
          Found{ClearTextSecret("\"api_key\" in the body", "an API key (sk-...)"),
                ClearTextSecret("the body", "a GitHub token")});
}

TEST_CASE("members that hold no secret are left alone") {
    for (const char* body :
         {R"({"password":"{{env.PASSWORD}}"})", R"({"token":null,"secret":{"a":"long enough"}})", R"({"token":""})",
          R"({"text":"write \"password\": \"hunter2\""})", R"(["password","hunter2"])", R"({"password)",
          R"({"password":)", R"({"password":"abc)", ""}) {
        CAPTURE(body);
        CHECK(in_body(body).empty());
    }
}

TEST_CASE("a form is read like a query") {
    CHECK(in_body("grant_type=x&client_secret=abcdef", "application/x-www-form-urlencoded") ==
          Found{ClearTextSecret("\"client_secret\" in the form", clear_text)});
}

TEST_CASE("a found secret does not hold its value") {
    CHECK_FALSE(std::is_aggregate_v<ClearTextSecret>);
    const std::string secret = token("ghp_", 36);
    for (const ClearTextSecret& found : in_body("{\"token\":\"" + secret + "\"}")) {
        CHECK(found.where.find(secret) == std::string::npos);
    }
}
