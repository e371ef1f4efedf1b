#include "plait/cluster/protocol/outbox.hpp"

namespace plait::cluster {

void Outbox::put(const Message& message) {
    const std::size_t before = bundle_.size();
    append(bundle_, message);
    if (bundle_.size() <= most_bytes) return;
    if (before > 0) {
        publish_(std::string_view(bundle_).substr(0, before));
        bundle_.erase(0, before);
    }
    if (bundle_.size() > most_bytes) flush();
}

void Outbox::flush() {
    if (bundle_.empty()) return;
    publish_(bundle_);
    bundle_.clear();
    if (bundle_.capacity() > most_bytes) std::string().swap(bundle_);
}

}  // namespace plait::cluster
