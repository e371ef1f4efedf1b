#include "plait/compare/measure/internal/measurement_trace.hpp"

#include "plait/batch/method/open_trace.hpp"

#include <cstdio>

namespace plait::compare::internal {

namespace {

void warn(const std::string& trouble) {
    std::fprintf(stderr, "plait: warning: the trace ends here; the measurement continues: %s\n", trouble.c_str());
}

}  // namespace

std::unique_ptr<trace::TraceFile> begin_trace(const std::string& path, const batch::MethodEntry& method,
                                              std::size_t concurrency) {
    if (path.empty()) return nullptr;
    return batch::open_trace(path, true, "compare", method, concurrency, warn);
}

}  // namespace plait::compare::internal
