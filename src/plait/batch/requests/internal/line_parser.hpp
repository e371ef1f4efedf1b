#pragma once

#include "plait/batch/answer/expectation.hpp"
#include "plait/batch/call/call.hpp"
#include "plait/batch/follow/follow_rule.hpp"
#include "plait/batch/requests/request_defaults.hpp"
#include "plait/batch/requests/secret_expander.hpp"
#include "plait/batch/requests/vendor_line.hpp"
#include "plait/json/value.hpp"

#include <simdjson.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace plait::batch::internal {

/// The state that is kept from line to line.
struct LineTools {
    explicit LineTools(const RequestDefaults& defaults);

    json::PaddedText text;
    simdjson::ondemand::parser parser;
    SecretExpander secrets;
    // Most files have the same expectation on each line.
    template <class Rule>
    struct ParsedRule {
        std::string text;
        std::shared_ptr<const Rule> rule;
    };
    ParsedRule<Expectation> expect;
    ParsedRule<Expectation> refusal;
    ParsedRule<FollowRule> follow;
    std::optional<VendorLineReader> vendor;
};

/// Makes a call of a request line in plait's own form, or says what is wrong with it.
SourceItem parse_line(const RequestDefaults& defaults, LineTools& tools, std::string_view text, std::uint64_t line);

}  // namespace plait::batch::internal
