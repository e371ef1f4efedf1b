#pragma once

#include "plait/base/clock.hpp"
#include "plait/mock/internal/reset_text.hpp"
#include "plait/mock/limit_headers.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace plait::mock::internal {

/// Where a client stands with one limit.
struct LimitState {
    std::uint64_t limit = 0;
    Duration window{};
    std::uint64_t remaining = 0;
    Duration reset{};  ///< refused: until the next request would be let in; else until all of the limit is free again
};

/// What limit headers are to tell, and how.
struct LimitTelling {
    std::span<const LimitState> limits;  ///< at least one
    std::size_t tightest = 0;            ///< the one that is told where there is room for one
    bool refused = false;
    CalendarTime now{};
    std::optional<Lie> lie;
    std::string_view partition;  ///< whose limit it is; empty: everybody's
};

/// A family of header fields in which servers tell their limits.
struct FieldFamily {
    std::string_view name;
    std::string_view fields;  ///< lines in which `%limit%` and its like stand for what is told
    ResetForm reset = ResetForm::seconds;
    bool on_refusals = false;   ///< and on no other answers, unless a dialect says so
    bool has_one_form = false;  ///< the reset has always this form
    bool lists_all = false;     ///< each field tells all limits, behind commas, not the tightest alone
};

/// All families.
std::span<const FieldFamily> field_families();

/// Appends the header lines of these dialects.
void append_limit_headers(std::string& out, std::span<const LimitDialect> dialects, const LimitTelling& telling);

/// Appends `text`, in which `%seconds%` and its like stand for what the tightest limit tells.
void append_filled(std::string& out, std::string_view text, const LimitTelling& telling);

}  // namespace plait::mock::internal
