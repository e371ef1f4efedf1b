#pragma once

#include "plait/base/clock.hpp"
#include "plait/mock/limit/internal/reset_text.hpp"
#include "plait/mock/limit/limit_headers.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace plait::mock::internal {

/// The state of one limit for a client.
struct LimitState {
    std::uint64_t limit = 0;
    Duration window{};
    std::uint64_t remaining = 0;
    Duration reset{};  ///< after a refusal: until the next request is accepted; otherwise until the whole limit is free
};

/// What limit headers say, and how.
struct LimitTelling {
    std::span<const LimitState> limits;  ///< at least one
    std::size_t tightest = 0;            ///< the index of the one that is sent where there is room for one
    bool refused = false;
    CalendarTime now{};
    std::optional<Lie> lie;
    std::string_view partition;  ///< whose limit it is; empty for everybody's
};

/// A family of header fields for limits.
struct FieldFamily {
    std::string_view name;
    std::string_view fields;  ///< lines with placeholders such as `%limit%`
    ResetForm reset = ResetForm::seconds;
    bool on_refusals = false;   ///< sent with refusals only, unless a dialect says otherwise
    bool has_one_form = false;  ///< the form of the reset is fixed
    bool lists_all = false;     ///< each field lists all limits, not only the tightest
};

/// All families, `Retry-After` first.
std::span<const FieldFamily> field_families();

/// Appends the header lines of these dialects.
void append_limit_headers(std::string& out, std::span<const LimitDialect> dialects, const LimitTelling& telling);

/// Appends `text` with its placeholders, such as `%seconds%`, filled from the tightest limit.
void append_filled(std::string& out, std::string_view text, const LimitTelling& telling);

}  // namespace plait::mock::internal
