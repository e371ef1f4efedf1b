// A trace file.
#include "plait/report/trace_reader.hpp"

#include "target.hpp"
#include <sstream>
#include <string>

void feed(std::string_view bytes) {
    std::istringstream input{std::string(bytes)};
    plait::report::read_trace(input, "trace.json", 100);
}
