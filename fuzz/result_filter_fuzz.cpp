// A filter of results, and on the lines behind it results.
#include "plait/batch/output/result_filter.hpp"

#include "target.hpp"
#include <algorithm>

using namespace plait::batch;

void feed(std::string_view bytes) {
    const std::string_view filter = bytes.substr(0, bytes.find('\n'));
    bytes.remove_prefix(std::min(filter.size() + 1, bytes.size()));
    ResultFactsReader reader;
    const ResultFacts facts = reader.read(bytes.empty() ? R"({"custom_id":"a","line":1,"outcome":"ok"})" : bytes);
    ResultFilter(filter).matches(facts);
}
