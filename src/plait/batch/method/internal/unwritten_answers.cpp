#include "plait/batch/method/internal/unwritten_answers.hpp"

namespace plait::batch::internal {

std::vector<cluster::Dispatch> UnwrittenAnswers::add(std::uint64_t line, const cluster::Dispatch& dispatch,
                                                     std::size_t bytes) {
    std::vector<cluster::Dispatch> released;
    if (const auto earlier = remove(line)) released.push_back(*earlier);
    const Answer answer{dispatch, bytes, count_++};
    answers_.emplace(line, answer);
    Holder& holder = holders_[dispatch.worker];
    holder.lines.emplace(answer.number, line);
    holder.bytes += bytes;
    while (holder.lines.size() > 1 && (holder.lines.size() > most_answers || holder.bytes > most_bytes))
        released.push_back(*remove(holder.lines.begin()->second));
    return released;
}

std::optional<cluster::Dispatch> UnwrittenAnswers::remove(std::uint64_t line) {
    const auto found = answers_.find(line);
    if (found == answers_.end()) return std::nullopt;
    const Answer answer = found->second;
    answers_.erase(found);
    Holder& holder = holders_.at(answer.dispatch.worker);
    holder.lines.erase(answer.number);
    holder.bytes -= answer.bytes;
    return answer.dispatch;
}

}  // namespace plait::batch::internal
