// Calls from a range, and results as values. With the name of a file instead of no_file, the run could be resumed.

#include "plait/plait.hpp"

#include <exception>
#include <iostream>
#include <ranges>
#include <string>
#include <vector>

using namespace plait;

Task<void> look_up(std::vector<std::string> urls) {
    const auto to_call = [](const std::string& url) { return batch::Call(http::Request("GET", url), url); };
    batch::Run run(batch::calls_from(std::views::all(urls) | std::views::transform(to_call)), batch::no_file);
    while (const auto result = co_await run.next()) {
        std::cout << to_string(result->end.outcome) << ' ' << result->custom_id();
        if (result->end.response) std::cout << ": " << result->end.response->body.size() << " bytes";
        std::cout << '\n';
    }
}

int main(int argc, char** argv) try { run(look_up({argv + 1, argv + argc})); } catch (const std::exception& error) {
    std::cerr << "batch_values: " << error.what() << '\n';
    return 2;
}
