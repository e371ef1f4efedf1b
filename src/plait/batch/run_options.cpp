#include "plait/batch/run_options.hpp"

#include "plait/batch/method/descriptor_limit.hpp"

namespace plait::batch {

namespace {

std::size_t descriptors_beside(const RunOptions& options) {
    return options.page_url.empty() ? 0 : descriptors_of_a_page;
}

}  // namespace

std::size_t concurrency_of(const RunOptions& options) {
    const MethodEntry& method = *options.method;
    if (options.concurrency) return *options.concurrency;
    return calls_within_descriptors(max_adaptive_concurrency(method), method.descriptors_per_call,
                                    descriptors_beside(options));
}

void raise_descriptor_limit(const RunOptions& options) {
    raise_descriptor_limit(concurrency_of(options), options.method->descriptors_per_call, descriptors_beside(options));
}

}  // namespace plait::batch
