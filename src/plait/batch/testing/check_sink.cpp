#include "plait/batch/testing/check_sink.hpp"

#include <doctest/doctest.h>

namespace plait::testing {

Task<void> check_sink(batch::Sink& sink, std::function<std::string()> content) {
    INFO("the contract of Sink");
    std::string written;
    const std::string large(1'000'000, 'x');
    for (const std::string& lines :
         {std::string("one\n"), std::string("two\nthree\n"), large + "\n", std::string("four\n")}) {
        const bool has_reader = co_await sink.write(lines);
        CHECK_MESSAGE(has_reader, "a write returns whether somebody reads");
        written += lines;
        const bool is_there = content() == written;
        CHECK_MESSAGE(is_there, "all lines come whole, in their order, and before the write ends");
    }
}

}  // namespace plait::testing
