#pragma once

#include <exception>
#include <utility>
#include <variant>

namespace plait {

/// The end of a task: a value, or the exception that it threw.
template <class T>
class Settled {
  public:
    explicit Settled(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    explicit Settled(std::exception_ptr error) noexcept : state_(std::in_place_index<1>, std::move(error)) {}

    bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    /// What the task threw; null when it has a value.
    std::exception_ptr error() const noexcept { return has_value() ? nullptr : std::get<1>(state_); }

    /// Returns the value, or throws what the task threw.
    T& value() & {
        rethrow();
        return std::get<0>(state_);
    }
    T value() && {
        rethrow();
        return std::get<0>(std::move(state_));
    }

  private:
    void rethrow() const {
        if (!has_value()) std::rethrow_exception(std::get<1>(state_));
    }
    std::variant<T, std::exception_ptr> state_;
};

/// The end of a task without a value.
template <>
class Settled<void> {
  public:
    Settled() noexcept = default;
    explicit Settled(std::exception_ptr error) noexcept : error_(std::move(error)) {}

    bool has_value() const noexcept { return !error_; }
    explicit operator bool() const noexcept { return has_value(); }
    std::exception_ptr error() const noexcept { return error_; }
    void value() const {
        if (error_) std::rethrow_exception(error_);
    }

  private:
    std::exception_ptr error_;
};

}  // namespace plait
