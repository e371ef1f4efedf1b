#include "plait/compare/jobs/python_calls.hpp"

#include "plait/base/error.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

using namespace plait;
using namespace plait::compare;
using namespace std::chrono_literals;

namespace {

CallWork one_call(http::SessionOptions session = {}, http::RedirectOptions redirects = {},
                  std::shared_ptr<const batch::Expectation> expectation = nullptr) {
    http::Request request("POST", http::Url("https://api.example/v1/items?q=a"));
    request.headers.add("X-Key", "s3cret \"1\"");
    request.body = "hi";
    request.timeout = 250ms;
    batch::Call call(std::move(request));
    call.rules.expectation = std::move(expectation);
    return CallWork({std::move(call)}, std::move(session), redirects);
}

Way way_of_the_package() { return {"python", "plait", batch::Scheduling::task, 7}; }

std::string why_not(const CallWork& work) {
    try {
        python_calls_json(work);
        return "";
    } catch (const Error& error) {
        return error.what();
    }
}

}  // namespace

TEST_CASE("calls are written for Python with the settings of their session") {
    http::SessionOptions session;
    session.timeouts.attempt = 1500ms;
    session.http = http::HttpChoice::http_2;
    session.tls.ca_file = "ca.pem";
    const std::string json = python_calls_json(one_call(session));
    CHECK(json == R"({"session":{"attempt":1.5,"connect":null,"idle":null,"max_body":104857600,"redirects":10,)"
                  R"("http_version":"2","verify":true,"ca_file":"ca.pem","certificate":"","key":""},)"
                  "\n"
                  R"("requests":[["POST","https://api.example/v1/items?q=a",[["X-Key","s3cret \"1\""]],"aGk=",0.25]]})"
                  "\n");
}

TEST_CASE("what the package has nothing like is refused") {
    CHECK(why_not(one_call()).empty());
    http::SessionOptions session;
    session.decode = false;
    CHECK(why_not(one_call(session)) == "the package has nothing like --no-decode");
    http::RedirectOptions redirects;
    redirects.to_http = true;
    CHECK(why_not(one_call({}, redirects)) == "the package has nothing like --redirect-to-http");
    const auto expects_404 = std::make_shared<const batch::Expectation>(batch::Expectation::parse(R"({"status":404})"));
    CHECK(why_not(one_call({}, {}, expects_404)) == "the package's map has nothing like the expect of a request line");
    CHECK_THROWS_AS(PythonCalls(one_call(session), "").command(way_of_the_package()), Error);
    CHECK_THROWS_AS(PythonCalls(one_call(), "--proxy").command(way_of_the_package()), Error);
}

TEST_CASE("Python gets the calls in a file, not among its arguments, which other users can see") {
    const CallWork work = one_call();
    const PythonCalls calls(work, "");
    const std::vector<std::string> command = calls.command(way_of_the_package());
    REQUIRE(command.size() == 8);
    CHECK(command[0] == "python3");
    CHECK(command[3] == "plait");
    CHECK(command[4] == "calls");
    CHECK(command[6] == "1");
    CHECK(command[7] == "7");
    std::ifstream file(command[5]);
    CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == python_calls_json(work));
    for (const std::string& argument : command) CHECK(argument.find("s3cret") == std::string::npos);
}
