#include "plait/http/limit_headers/internal/standard_limit_fields.hpp"

#include "plait/http/limit_headers/internal/structured_list.hpp"
#include "plait/http/limit_headers/reset_time.hpp"
#include "plait/policy/pace/costs.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace plait::http::internal {

namespace {

using policy::LimitNotice;

std::optional<Duration> seconds(std::optional<double> number) noexcept {
    return number ? duration_of(*number) : std::nullopt;
}

void set_reset(LimitNotice& notice, std::optional<double> number) noexcept {
    notice.reset = seconds(number);
    if (notice.reset) notice.reset_grain = std::chrono::seconds(1);
}

class StandardFields {
  public:
    explicit StandardFields(std::size_t most) noexcept : most_(most) {}

    void read_policies(std::string_view field) {
        for (const auto& item : StructuredList::parse(field, most_)) {
            // Before draft 8 an item was the limit itself, without a name.
            const bool is_nameless = item.value.number.has_value();
            Policy& policy = policy_named(is_nameless ? "#" + std::to_string(policies_.size()) : item.value.text);
            policy.is_nameless = is_nameless;
            policy.notice.limit = is_nameless ? item.value.number : item.number("q");
            policy.notice.window = seconds(item.number("w"));
            if (const auto* unit = item.find("qu"); unit && !unit->text.empty()) policy.notice.unit = lower(unit->text);
        }
    }

    void read_states(std::string_view field) {
        for (const auto& item : StructuredList::parse(field, most_)) {
            if (item.value.key.empty()) {
                read_state(item);
            } else {
                read_draft_7(item.value);
            }
        }
    }

    std::vector<LimitNotice> notices() {
        std::vector<LimitNotice> notices;
        const auto nameless =
            std::count_if(policies_.begin(), policies_.end(), [](const Policy& policy) { return policy.is_nameless; });
        for (Policy& policy : policies_) {
            if (policy.notice.unit == "concurrent-requests") continue;  // that is no rate
            // Two policies of one server are two limits, also where an answer has only one of them.
            const bool is_alone = policy.name.empty() || (policy.is_nameless && nameless == 1);
            if (!is_alone) policy.notice.source += " " + policy.name;
            notices.push_back(std::move(policy.notice));
        }
        return notices;
    }

  private:
    struct Policy {
        explicit Policy(const std::string& name_) : name(name_), notice(policy::requests_unit, "ratelimit") {}

        std::string name;
        LimitNotice notice;
        bool is_nameless = false;
    };

    void read_state(const StructuredList::Item& item) {
        const auto remaining = item.number("r");
        if (!remaining || item.value.text.empty()) return;
        LimitNotice& notice = policy_named(item.value.text).notice;
        notice.remaining = remaining;
        set_reset(notice, item.number("t"));
    }

    /// A member of `limit=100, remaining=50, reset=5`.
    void read_draft_7(const StructuredList::Parameter& member) {
        LimitNotice& notice = policy_named("").notice;
        if (member.key == "limit") notice.limit = member.number;
        if (member.key == "remaining") notice.remaining = member.number;
        if (member.key == "reset") set_reset(notice, member.number);
    }

    Policy& policy_named(const std::string& name) {
        for (Policy& policy : policies_) {
            if (policy.name == name) return policy;
        }
        return policies_.emplace_back(name);
    }

    std::size_t most_;
    std::vector<Policy> policies_;
};

}  // namespace

std::vector<LimitNotice> read_standard_limit_fields(const Headers& headers, std::size_t most) {
    StandardFields fields(most);
    if (const auto field = headers.get("ratelimit-policy")) fields.read_policies(*field);
    if (const auto field = headers.get("ratelimit")) fields.read_states(*field);
    return fields.notices();
}

}  // namespace plait::http::internal
