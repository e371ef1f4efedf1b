// yours URL...: prints the status of each.
#include "plait/plait.hpp"

#include <iostream>
#include <string>
#include <vector>

using namespace plait;

namespace {

Task<int> status_of(http::Session& session, std::string url) {
    const http::Response response = co_await session.get(url);
    co_return response.status;
}

Task<void> print_all(std::vector<std::string> urls) {
    http::Session session;
    std::vector<Task<int>> calls;
    for (const std::string& url : urls) calls.push_back(status_of(session, url));
    const std::vector<int> statuses = co_await gather(std::move(calls));
    for (const int status : statuses) std::cout << status << '\n';
}

}  // namespace

int main(int count, char** arguments) { run(print_all({arguments + 1, arguments + count})); }
